package template

import (
	"maps"
	"reflect"
	"slices"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// Unknown is a field that a type does not have: what it says is lost.
type Unknown struct {
	At []any // "spec", "affinity", "tolerations"
	// Meant is the place of the field that was probably meant: of the same name where it belongs, or of a similar one
	// beside it. It is nil where there is none.
	Meant []any
}

// Struct is a place in an object and the type of what stands there.
type Struct struct {
	At   []any
	Type reflect.Type
}

// Unknowns are the fields of a value that the type of its place lacks, in their order. Elsewhere is where else a field may
// belong.
func Unknowns(value any, place Struct, elsewhere ...Struct) []Unknown {
	t := place.Type
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var found []Unknown
	switch value := value.(type) {
	case []any:
		if t.Kind() == reflect.Slice {
			for i, item := range value {
				found = append(found, Unknowns(item, Struct{append(slices.Clip(place.At), i), t.Elem()}, elsewhere...)...)
			}
		}
	case map[string]any:
		if t.Kind() != reflect.Struct || reflect.PointerTo(t).Implements(unmarshaler) {
			return nil
		}
		elsewhere = append([]Struct{{place.At, t}}, elsewhere...)
		for _, key := range slices.Sorted(maps.Keys(value)) {
			at := append(slices.Clip(place.At), key)
			if of, known := fieldsOf(t).byName[key]; known {
				found = append(found, Unknowns(value[key], Struct{at, of}, elsewhere...)...)
			} else {
				found = append(found, Unknown{at, meant(key, elsewhere)})
			}
		}
	}
	return found
}

// meant looks for a field of that name in the structs, then for one of a similar name in the first.
func meant(key string, in []Struct) []any {
	for _, s := range in {
		if _, known := fieldsOf(s.Type).byName[key]; known {
			return append(slices.Clip(s.At), key)
		}
	}
	if near := v1alpha1.Nearest(key, slices.Sorted(maps.Keys(fieldsOf(in[0].Type).byName))); near != "" {
		return append(slices.Clip(in[0].At), near)
	}
	return nil
}
