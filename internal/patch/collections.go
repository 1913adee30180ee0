package patch

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// pointerEscape escapes one segment of a JSON pointer (RFC 6901): a label key holds slashes.
var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

func (ops *operations) maps(path string, before, after map[string]string) {
	keys := slices.Sorted(maps.Keys(before))
	for _, key := range slices.Sorted(maps.Keys(after)) {
		if _, ok := before[key]; !ok {
			keys = append(keys, key)
		}
	}
	for _, key := range keys {
		member := path + "/" + pointerEscape.Replace(key)
		old, had := before[key]
		value, has := after[key]
		switch {
		case !has:
			ops.add("remove", member, nil)
		case !had || old != value:
			ops.add("add", member, value)
		}
	}
}

// lists walks both lists once. Elements that are equal stay as they are, with the fields that we do not know; one that
// comes later on the other side says that elements were removed or inserted before it; what is left has been changed
// in place.
func (ops *operations) lists(path string, before, after reflect.Value) {
	b, a := 0, 0
	for b < before.Len() && a < after.Len() {
		at := path + "/" + strconv.Itoa(a)
		switch {
		case equal(before.Index(b), after.Index(a)):
			b, a = b+1, a+1
		case occurs(after.Index(a), before, b+1):
			ops.add("remove", at, nil)
			b++
		case occurs(before.Index(b), after, a+1):
			ops.add("add", at, after.Index(a).Interface())
			a++
		default:
			ops.values("replace", at, before.Index(b), after.Index(a))
			b, a = b+1, a+1
		}
	}
	for ; b < before.Len(); b++ {
		ops.add("remove", path+"/"+strconv.Itoa(a), nil)
	}
	for ; a < after.Len(); a++ {
		ops.add("add", path+"/-", after.Index(a).Interface())
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

func equal(a, b reflect.Value) bool {
	return reflect.DeepEqual(a.Interface(), b.Interface())
}
