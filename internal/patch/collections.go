package patch

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// pointerEscape escapes one segment of a JSON pointer (RFC 6901): a label key holds slashes.
var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

func (p *patch) maps(at pointer, before, after map[string]string) {
	keys := slices.Sorted(maps.Keys(before))
	for _, key := range slices.Sorted(maps.Keys(after)) {
		if _, ok := before[key]; !ok {
			keys = append(keys, key)
		}
	}
	for _, key := range keys {
		member := at.to(pointerEscape.Replace(key))
		old, had := before[key]
		value, has := after[key]
		switch {
		case !has:
			p.remove(member)
		case !had || old != value:
			p.set("add", member, text, reflect.ValueOf(value))
		}
	}
}

// lists walks both lists once. Elements that are equal stay as they are, with the fields that we do not know; one that
// comes later on the other side says that elements were removed or inserted before it; what is left has been changed
// in place.
func (p *patch) lists(at pointer, s *shape, before, after reflect.Value) {
	b, a := 0, 0
	for b < before.Len() && a < after.Len() {
		here := at.element(a)
		switch {
		case s.elem.equal(before.Index(b), after.Index(a)):
			b, a = b+1, a+1
		case s.elem.occurs(after.Index(a), before, b+1):
			p.remove(here)
			b++
		case s.elem.occurs(before.Index(b), after, a+1):
			p.set("add", here, s.elem, after.Index(a))
			a++
		default:
			p.values("replace", here, s.elem, before.Index(b), after.Index(a))
			b, a = b+1, a+1
		}
	}
	for ; b < before.Len(); b++ {
		p.remove(at.element(a))
	}
	for ; a < after.Len(); a++ {
		p.set("add", at.to("-"), s.elem, after.Index(a))
	}
}

// occurs says whether list holds value at index from or later.
func (s *shape) occurs(value, list reflect.Value, from int) bool {
	for i := from; i < list.Len(); i++ {
		if s.equal(value, list.Index(i)) {
			return true
		}
	}
	return false
}

// equal says whether two values are the same to an API server, for which nil and an empty list are.
func (s *shape) equal(a, b reflect.Value) bool {
	switch s.kind {
	case reflect.Pointer:
		return a.IsNil() && b.IsNil() || !a.IsNil() && !b.IsNil() && s.elem.equal(a.Elem(), b.Elem())
	case reflect.Struct:
		for i := range s.fields {
			if !s.fields[i].shape.equal(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.String:
		return a.String() == b.String()
	case reflect.Slice:
		for i := range min(a.Len(), b.Len()) {
			if !s.elem.equal(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return a.Len() == b.Len()
	case reflect.Map:
		return maps.Equal(a.Interface().(map[string]string), b.Interface().(map[string]string))
	default:
		return a.Equal(b)
	}
}
