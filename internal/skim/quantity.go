package skim

import (
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var (
	quantity = reflect.TypeFor[resource.Quantity]()
	fieldsV1 = reflect.TypeFor[metav1.FieldsV1]() // takes any JSON, and is half of many objects
)

// suffixes are those of most quantities.
var suffixes = []string{"", "m", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti"}

// isPlainQuantity says whether the JSON is a whole quantity in a string, "100m" or "16Gi": no quantity is refused that
// looks like that.
func isPlainQuantity(raw []byte) bool {
	const most = longestInt
	if len(raw) < 3 || len(raw) > most || raw[0] != '"' {
		return false
	}
	digits := 1
	for '0' <= raw[digits] && raw[digits] <= '9' {
		digits++ // the closing quote is none
	}
	return digits > 1 && slices.Contains(suffixes, string(raw[digits:len(raw)-1]))
}
