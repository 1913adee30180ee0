package template

import (
	"encoding/json"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"

	corev1 "k8s.io/api/core/v1"
)

// The API server keeps unknown fields of many custom resources, and does not tell "Spec" from what an operator reads. One
// that reads with encoding/json takes it for "spec": keys of any case, and letters like "ſ", which is an s.

// isTyped is true for objects of Kubernetes' own groups: the API server has dropped what it does not know.
func (o object) isTyped() bool {
	switch o.group() {
	case "", "apps", "batch", "extensions":
		return true
	}
	return false
}

// isTemplate is true for a mapping whose spec has a list of containers, as any reader spells them.
func isTemplate(value map[string]any) bool {
	for spec := range like(value, "spec") {
		mapping, _ := spec.(map[string]any)
		for containers := range like(mapping, "containers") {
			if _, ok := containers.([]any); ok {
				return true
			}
		}
	}
	return false
}

// like are the values of a mapping whose key some reader takes for this one.
func like(mapping map[string]any, key string) iter.Seq[any] {
	return func(yield func(any) bool) {
		for k, value := range mapping {
			if len(k) <= 2*len(key) && strings.EqualFold(k, key) && !yield(value) {
				return
			}
		}
	}
}

// ambiguous says that readers which ignore case see another pod in the template; it is empty where they do not.
func ambiguous(raw map[string]any) string {
	if misspells(raw, reflect.TypeFor[corev1.PodTemplateSpec]()) {
		return `is another pod for readers who take "Spec" for "spec"`
	}
	return ""
}

// misspells says whether a JSON value of a type has a key that is a field only where case does not count. Nothing is decoded:
// a value may have many templates.
func misspells(value any, t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch value := value.(type) {
	case map[string]any:
		if t.Kind() != reflect.Struct || reflect.PointerTo(t).Implements(unmarshaler) {
			return false
		}
		fields := fieldsOf(t)
		for key, item := range value {
			of, known := fields.byName[key]
			if known && misspells(item, of) || !known && fields.folded[folded(key)] {
				return true
			}
		}
	case []any:
		return t.Kind() == reflect.Slice && slices.ContainsFunc(value, func(item any) bool { return misspells(item, t.Elem()) })
	}
	return false
}

// unmarshaler are types that decode themselves: quantities, times.
var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// jsonFields are the fields of a struct.
type jsonFields struct {
	byName map[string]reflect.Type
	folded map[string]bool // their folded names
}

// known are the fields of each struct, so far.
var known sync.Map // of reflect.Type to jsonFields

func fieldsOf(t reflect.Type) jsonFields {
	if fields, ok := known.Load(t); ok {
		return fields.(jsonFields)
	}
	fields := jsonFields{map[string]reflect.Type{}, map[string]bool{}}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" && f.Anonymous { // inline
			inlined := fieldsOf(f.Type)
			maps.Copy(fields.byName, inlined.byName)
			maps.Copy(fields.folded, inlined.folded)
			continue
		}
		fields.byName[name], fields.folded[folded(name)] = f.Type, true
	}
	known.Store(t, fields)
	return fields
}

// folded is a key as it compares where case does not count: "ſ" is an s. A key that is longer than any field is left as it is.
func folded(key string) string {
	if len(key) > 128 {
		return key
	}
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, key)
}
