package template

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/polymoat/polymoat/internal/polyaxon"
)

// Fault is the first field of a value that does not fit its type.
type Fault struct {
	At     []any  // "containers", 0, "image"
	Detail string // "must be a string, not the number 3"
}

// Decode decodes JSON values into typed as the API server does. Where they do not fit it returns the field, which the
// decoder's own error does not: it names neither list indices nor, for quantities, any field.
func Decode(raw map[string]any, typed any) *Fault {
	data, err := json.Marshal(raw)
	if err == nil {
		err = utiljson.Unmarshal(data, typed)
	}
	if err == nil {
		return nil
	}
	found := faultIn(reflect.TypeOf(typed).Elem(), raw)
	return &found
}

func faultIn(t reflect.Type, value any) Fault {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	// Types with a decoder of their own (a quantity, a time, an int-or-string) are one value.
	if !reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		for _, c := range children(t, value) {
			if decode(c.t, c.value) != nil {
				found := faultIn(c.t, c.value)
				found.At = append([]any{c.step}, found.At...)
				return found
			}
		}
	}
	return Fault{Detail: mismatch(t, value)}
}

// decode decodes a JSON value into a new value of type t.
func decode(t reflect.Type, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return utiljson.Unmarshal(data, reflect.New(t).Interface())
}

type childValue struct {
	step  any
	t     reflect.Type
	value any
}

// children are the fields or items of a value that fits a struct, map or slice type.
func children(t reflect.Type, value any) []childValue {
	var found []childValue
	switch value := value.(type) {
	case []any:
		for i, item := range value {
			if t.Kind() == reflect.Slice {
				found = append(found, childValue{i, t.Elem(), item})
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			if field, ok := fieldType(t, key); ok {
				found = append(found, childValue{polyaxon.Clip(key), field, value[key]})
			}
		}
	}
	return found
}

// fieldType is the type of the field that is called name in JSON.
func fieldType(t reflect.Type, name string) (reflect.Type, bool) {
	if t.Kind() == reflect.Map {
		return t.Elem(), true
	}
	if t.Kind() != reflect.Struct {
		return nil, false
	}
	for field := range t.Fields() {
		tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if tag == name {
			return field.Type, true
		}
		if tag == "" && field.Anonymous {
			if inner, ok := fieldType(field.Type, name); ok {
				return inner, true
			}
		}
	}
	return nil, false
}

// mismatch says what a value of type t must be and what stands there instead.
func mismatch(t reflect.Type, value any) string {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		if err := decode(t, value); err != nil {
			return fmt.Sprintf("is %s: %v", Describe(value), err)
		}
	}
	wanted := "a mapping"
	switch t.Kind() {
	case reflect.String:
		wanted = "a string"
	case reflect.Bool:
		wanted = "true or false"
	case reflect.Int, reflect.Int32, reflect.Int64:
		wanted = fmt.Sprintf("a whole number of %d bits", t.Bits())
	case reflect.Slice:
		wanted = "a list"
	default: // structs and maps; a pod has nothing else
	}
	text := fmt.Sprintf("must be %s, not %s", wanted, Describe(value))
	if t.Kind() == reflect.String && isScalar(value) {
		text += "; put it in quotes"
	}
	return text
}

// isScalar is true for the numbers and truth values that YAML reads where quotes were forgotten.
func isScalar(value any) bool {
	switch value.(type) {
	case bool, int64, float64:
		return true
	}
	return false
}

// Describe names a JSON value in a sentence.
func Describe(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("the string %q", polyaxon.Clip(value))
	case bool:
		return fmt.Sprintf("%t", value)
	case []any:
		return "a list"
	case map[string]any:
		return "a mapping"
	default:
		return fmt.Sprintf("the number %v", value)
	}
}
