package patch

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/plain"
)

// shape is what the values of one type look like in JSON, worked out once.
type shape struct {
	kind   reflect.Kind
	fields []field // of a struct, in their order
	elem   *shape  // of a pointer or a list
}

// field is a field of a struct in JSON.
type field struct {
	name, quoted string // a, "a":
	omitempty    bool
	shape        *shape
}

// The shapes of what a patch may hold.
var (
	shapes          = map[reflect.Type]*shape{}
	text            = shapeOf(reflect.TypeFor[string]())
	nodeSelector    = shapeOf(reflect.TypeFor[map[string]string]())
	tolerations     = shapeOf(reflect.TypeFor[[]corev1.Toleration]())
	affinity        = shapeOf(reflect.TypeFor[*corev1.Affinity]())
	podSecurity     = shapeOf(reflect.TypeFor[*corev1.PodSecurityContext]())
	securityContext = shapeOf(reflect.TypeFor[*corev1.SecurityContext]())
	envVars         = shapeOf(reflect.TypeFor[[]corev1.EnvVar]())
)

func shapeOf(t reflect.Type) *shape {
	if s := shapes[t]; s != nil {
		return s
	}
	s := &shape{kind: t.Kind()}
	shapes[t] = s
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		s.elem = shapeOf(t.Elem())
	case reflect.Struct:
		for f := range t.Fields() {
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			s.fields = append(s.fields, field{name, strconv.Quote(name) + ":", strings.Contains(options, "omitempty"), shapeOf(f.Type)})
		}
	default: // it has no parts
	}
	return s
}

// appendValue appends the JSON of a value, as encoding/json writes it but for the spelling of strings.
func appendValue(text []byte, s *shape, v reflect.Value) ([]byte, error) {
	switch s.kind {
	case reflect.String:
		return plain.Append(text, v.String()), nil
	case reflect.Bool:
		return strconv.AppendBool(text, v.Bool()), nil
	case reflect.Int32, reflect.Int64:
		return strconv.AppendInt(text, v.Int(), 10), nil
	case reflect.Pointer, reflect.Slice, reflect.Map:
		if v.IsNil() {
			return append(text, "null"...), nil
		}
		return appendElements(text, s, v)
	case reflect.Struct:
		return appendStruct(text, s, v)
	default: // encoding/json knows the others, too
	}
	other, err := json.Marshal(v.Interface())
	return append(text, other...), err
}

// appendElements is appendValue for what has elements.
func appendElements(text []byte, s *shape, v reflect.Value) (_ []byte, err error) {
	if s.kind == reflect.Pointer {
		return appendValue(text, s.elem, v.Elem())
	}
	if s.kind == reflect.Map {
		return appendMap(text, v.Interface().(map[string]string)), nil
	}
	text = append(text, '[')
	for i := range v.Len() {
		if i > 0 {
			text = append(text, ',')
		}
		if text, err = appendValue(text, s.elem, v.Index(i)); err != nil {
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
		text = plain.Append(append(plain.Append(text, key), ':'), values[key])
	}
	return append(text, '}')
}

func appendStruct(text []byte, s *shape, v reflect.Value) (_ []byte, err error) {
	text = append(text, '{')
	first := true
	for i := range s.fields {
		f, member := &s.fields[i], v.Field(i)
		if f.omitempty && isEmpty(member) {
			continue
		}
		if !first {
			text = append(text, ',')
		}
		first = false
		if text, err = appendValue(append(text, f.quoted...), f.shape, member); err != nil {
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
