package patch

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// field is a field of a struct in JSON.
type field struct {
	name      string
	omitempty bool
}

// fields are those of every struct that a patch may hold, in their order. Others are left to encoding/json.
var fields = fieldsOf(map[reflect.Type][]field{},
	reflect.TypeFor[corev1.Toleration](), reflect.TypeFor[corev1.Affinity](),
	reflect.TypeFor[corev1.PodSecurityContext](), reflect.TypeFor[corev1.SecurityContext]())

// fieldsOf adds the fields of the types and of all types that they are made of.
func fieldsOf(known map[reflect.Type][]field, types ...reflect.Type) map[reflect.Type][]field {
	for _, t := range types {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			fieldsOf(known, t.Elem())
		case reflect.Struct:
			if known[t] != nil {
				continue
			}
			known[t] = make([]field, t.NumField())
			for i := range known[t] {
				name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
				known[t][i] = field{name, strings.Contains(options, "omitempty")}
				fieldsOf(known, t.Field(i).Type)
			}
		default: // it has no parts
		}
	}
	return known
}

// appendValue appends the JSON of a value, as encoding/json writes it but for the spelling of strings.
func appendValue(text []byte, v reflect.Value) ([]byte, error) {
	switch v.Kind() {
	case reflect.String:
		return appendString(text, v.String()), nil
	case reflect.Bool:
		return strconv.AppendBool(text, v.Bool()), nil
	case reflect.Int32, reflect.Int64:
		return strconv.AppendInt(text, v.Int(), 10), nil
	case reflect.Pointer, reflect.Slice, reflect.Map:
		if v.IsNil() {
			return append(text, "null"...), nil
		}
		return appendElements(text, v)
	case reflect.Struct:
		if fields[v.Type()] != nil {
			return appendStruct(text, v)
		}
	default: // encoding/json knows the others, too
	}
	other, err := json.Marshal(v.Interface())
	return append(text, other...), err
}

// appendElements is appendValue for what has elements.
func appendElements(text []byte, v reflect.Value) (_ []byte, err error) {
	if v.Kind() == reflect.Pointer {
		return appendValue(text, v.Elem())
	}
	if v.Kind() == reflect.Map {
		return appendMap(text, v.Interface().(map[string]string)), nil
	}
	text = append(text, '[')
	for i := range v.Len() {
		if i > 0 {
			text = append(text, ',')
		}
		if text, err = appendValue(text, v.Index(i)); err != nil {
			return text, err
		}
	}
	return append(text, ']'), nil
}

func appendMap(text []byte, values map[string]string) []byte {
	text = append(text, '{')
	var few [8]string // most maps are small
	keys := slices.AppendSeq(few[:0], maps.Keys(values))
	slices.Sort(keys)
	for i, key := range keys {
		if i > 0 {
			text = append(text, ',')
		}
		text = appendString(append(appendString(text, key), ':'), values[key])
	}
	return append(text, '}')
}

func appendStruct(text []byte, v reflect.Value) (_ []byte, err error) {
	text = append(text, '{')
	first := true
	for i, f := range fields[v.Type()] {
		member := v.Field(i)
		if f.omitempty && isEmpty(member) {
			continue
		}
		if !first {
			text = append(text, ',')
		}
		first = false
		if text, err = appendValue(append(appendString(text, f.name), ':'), member); err != nil {
			return text, err
		}
	}
	return append(text, '}'), nil
}

// isEmpty says what encoding/json leaves out.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	case reflect.Struct:
		return false
	default:
		return v.IsZero()
	}
}

// appendString appends a string in JSON.
func appendString[S string | pointer](text []byte, s S) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(string(s)) // no string fails
			return append(text, quoted...)
		}
	}
	return append(append(append(text, '"'), s...), '"')
}
