package patch

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"gomodules.xyz/jsonpatch/v2"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
)

// diff is the operations so far.
type diff struct {
	operations []jsonpatch.JsonPatchOperation
}

// pointerEscape writes a map key as a step of a JSON pointer.
var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

func (d *diff) set(op, at string, value reflect.Value) {
	d.operations = append(d.operations, jsonpatch.NewOperation(op, at, value.Interface()))
}

func (d *diff) remove(at string) {
	d.operations = append(d.operations, jsonpatch.NewOperation("remove", at, nil))
}

// compare compares a member of an object.
func (d *diff) compare(at string, before, after any) {
	d.values("add", at, reflect.ValueOf(before), reflect.ValueOf(after))
}

// values compares two values of one type. set is the operation that gives the place a new value: "add" for a member of
// an object, which may not be there yet; "replace" for an element of a list, where "add" would insert.
func (d *diff) values(set, at string, before, after reflect.Value) {
	switch {
	case isAbsent(before) && isAbsent(after):
	case isAbsent(after):
		d.remove(at)
	case isAbsent(before):
		d.set(set, at, after)
	default:
		d.present(set, at, before, after)
	}
}

func (d *diff) present(set, at string, before, after reflect.Value) {
	switch before.Kind() {
	case reflect.Pointer:
		d.values(set, at, before.Elem(), after.Elem())
	case reflect.Struct:
		d.fields(at, before, after)
	case reflect.Map:
		d.keys(at, before.Interface().(map[string]string), after.Interface().(map[string]string))
	case reflect.Slice:
		d.elements(at, before, after)
	default:
		if !before.Equal(after) {
			d.set(set, at, after)
		}
	}
}

// isAbsent says whether the API server may have left the field out, or written null or an empty list. An empty struct
// behind a pointer is not absent: it may hold fields that we do not know.
func isAbsent(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return v.IsNil()
	case reflect.Map, reflect.Slice:
		return v.Len() == 0
	default:
		return false
	}
}

// fields compares structs. None that polymoat may touch has fields of another one inline.
func (d *diff) fields(at string, before, after reflect.Value) {
	for i := range before.NumField() {
		b, a := before.Field(i), after.Field(i)
		wasZero, isZero := b.IsZero(), a.IsZero()
		if wasZero && isZero {
			continue
		}
		name, options, _ := strings.Cut(before.Type().Field(i).Tag.Get("json"), ",")
		if isZero && options == "omitempty" && !isAbsent(b) {
			d.remove(at + "/" + name)
			continue
		}
		d.values("add", at+"/"+name, b, a)
	}
}

func (d *diff) keys(at string, before, after map[string]string) {
	all := maps.Clone(before)
	maps.Copy(all, after)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		member := at + "/" + pointerEscape.Replace(key)
		old, had := before[key]
		value, has := after[key]
		switch {
		case !has:
			d.remove(member)
		case !had || old != value:
			d.set("add", member, reflect.ValueOf(value))
		}
	}
}

// elements walks both lists once. Elements that are equal stay as they are, with the fields that we do not know; one that
// comes later on the other side says that elements were removed or inserted before it; what is left has been changed
// in place. Terms of an affinity, which hold lists themselves, are extended where they are.
func (d *diff) elements(at string, before, after reflect.Value) {
	moves := before.Type().Elem().Comparable() || before.Len() != after.Len()
	b, a := 0, 0
	for b < before.Len() && a < after.Len() {
		here := at + "/" + strconv.Itoa(a)
		switch {
		case equal(before.Index(b), after.Index(a)):
			b, a = b+1, a+1
		case moves && occurs(after.Index(a), before, b+1):
			d.remove(here)
			b++
		case moves && occurs(before.Index(b), after, a+1):
			d.set("add", here, after.Index(a))
			a++
		default:
			d.values("replace", here, before.Index(b), after.Index(a))
			b, a = b+1, a+1
		}
	}
	for ; b < before.Len(); b++ {
		d.remove(at + "/" + strconv.Itoa(a))
	}
	for ; a < after.Len(); a++ {
		d.set("add", at+"/-", after.Index(a))
	}
}

// occurs says whether list holds value at index from or later.
func occurs(value, list reflect.Value, from int) bool {
	for i := from; i < list.Len(); i++ {
		if equal(value, list.Index(i)) {
			return true
		}
	}
	return false
}

// equal says whether two values are the same to an API server, for which nil and an empty list are.
func equal(a, b reflect.Value) bool {
	return apiequality.Semantic.DeepEqual(a.Interface(), b.Interface())
}
