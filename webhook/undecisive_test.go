package webhook

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/polymoat/polymoat/internal/corpus"
	"github.com/polymoat/polymoat/internal/skim"
)

// TestUndecisive: no decision on a creation depends on a field that is not read, whatever is in it.
func TestUndecisive(t *testing.T) {
	cases, err := corpus.Cases()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		tc := cases[rapid.IntRange(0, len(cases)-1).Draw(rt, "case")]
		p, err := tc.Policy()
		if err != nil {
			rt.Fatal(err)
		}
		r, err := tc.Request()
		if err != nil {
			rt.Fatal(err)
		}
		r.Old = nil // of an update everything is read
		full := r.Pod.DeepCopy()
		for _, fields := range undecisive {
			fill(rt, reflect.ValueOf(full).Elem(), fields)
		}
		bare := full.DeepCopy()
		for _, fields := range undecisive {
			visit(reflect.ValueOf(bare).Elem(), fields, func(v reflect.Value) { v.SetZero() })
		}
		withAll, without := r, r
		withAll.Pod, without.Pod = full, bare
		if a, b := p.Validate(withAll), p.Validate(without); !reflect.DeepEqual(a, b) {
			rt.Fatalf("%s: Validate says %+v with the fields, %+v without", tc.Name, a, b)
		}
		a, b := p.Mutate(withAll), p.Mutate(without)
		a.Pod, b.Pod = nil, nil // the changes say it
		if !reflect.DeepEqual(a, b) {
			rt.Fatalf("%s: Mutate says %+v with the fields, %+v without", tc.Name, a, b)
		}
	})
}

// fill puts something of chance into the fields, wherever they are in the value.
func fill(t *rapid.T, v reflect.Value, fields skim.Fields) {
	visit(v, fields, func(v reflect.Value) {
		v.Set(anything(t, v.Type(), 3))
	})
}

// visit calls do with each of the fields that is somewhere in the value.
func visit(v reflect.Value, fields skim.Fields, do func(reflect.Value)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			visit(v.Elem(), fields, do)
		}
	case reflect.Slice:
		for i := range v.Len() {
			visit(v.Index(i), fields, do)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() {
				continue
			}
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if v.Type() == reflect.TypeOf(fields.Of) && (len(fields.Names) == 0 || slices.Contains(fields.Names, name)) {
				do(v.Field(i))
				continue
			}
			visit(v.Field(i), fields, do)
		}
	default: // it has no fields
	}
}

// anything is a value of the type in which no pointer is nil and no list is empty, as many levels deep.
func anything(t *rapid.T, typ reflect.Type, depth int) reflect.Value {
	v := reflect.New(typ).Elem()
	if depth == 0 {
		return v
	}
	switch typ.Kind() {
	case reflect.String:
		v.SetString(rapid.SampledFrom([]string{"", "a", "core", "polyaxon", "/"}).Draw(t, "string"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Int32, reflect.Int64:
		v.SetInt(rapid.Int64Range(0, 3).Draw(t, "int"))
	case reflect.Pointer:
		p := reflect.New(typ.Elem())
		p.Elem().Set(anything(t, typ.Elem(), depth))
		v.Set(p)
	case reflect.Slice:
		v.Set(reflect.Append(v, anything(t, typ.Elem(), depth-1)))
	case reflect.Map:
		v.Set(reflect.MakeMap(typ))
		v.SetMapIndex(anything(t, typ.Key(), depth), anything(t, typ.Elem(), depth-1))
	case reflect.Struct:
		for i := range typ.NumField() {
			if typ.Field(i).IsExported() {
				v.Field(i).Set(anything(t, typ.Field(i).Type, depth-1))
			}
		}
	default:
		t.Fatalf("nothing is known of %s", typ)
	}
	return v
}
