package skim

import (
	"encoding/json"
	"reflect"
	"strconv"
)

// deepest is how deep values may be nested; sigs.k8s.io/json goes further.
const deepest = 100

// reader reads a text once, from left to right. Its methods return false where they are not sure; nothing is read then.
type reader struct {
	data  []byte // the text again, for values that read themselves
	text  string
	at    int
	depth int
}

// value reads the value that comes next. Where read is false, it is only checked, and v means nothing.
func (r *reader) value(n *node, v reflect.Value, read bool) bool {
	switch c := r.next(); {
	case n.kind == anUnmarshaler:
		return r.itself(n, v, read)
	case c == 'n': // of a list, a map or a pointer it is the zero value, and it leaves the others as they are
		return r.literal("null")
	}
	switch n.kind {
	case aString:
		s, ok := r.string(read)
		if ok && read {
			v.SetString(s)
		}
		return ok
	case aBool:
		return r.bool(v, read)
	case anInt:
		return r.int(n, v, read)
	case aPointer:
		if !read {
			return r.value(n.elem, v, false)
		}
		p := reflect.New(n.elem.typ)
		v.Set(p)
		return r.value(n.elem, p.Elem(), true)
	case aList:
		return r.list(n, v, read)
	case aMap:
		return r.mapping(n, v, read)
	default:
		return r.structure(n, v, read)
	}
}

func (r *reader) bool(v reflect.Value, read bool) bool {
	is := r.next() == 't'
	if !r.literal(strconv.FormatBool(is)) {
		return false
	}
	if read {
		v.SetBool(is)
	}
	return true
}

// longestInt is the longest number that is sure to be no more than 64 bits.
const longestInt = 18

// int takes numbers without fraction and exponent only: of the others it would have to be known which are whole.
func (r *reader) int(n *node, v reflect.Value, read bool) bool {
	start := r.at
	if !r.number() || r.at-start > longestInt {
		return false
	}
	i, err := strconv.ParseInt(r.text[start:r.at], 10, n.typ.Bits())
	if err != nil {
		return false
	}
	if read {
		v.SetInt(i)
	}
	return true
}

func (r *reader) list(n *node, v reflect.Value, read bool) bool {
	if !read {
		return r.elements(func() bool { return r.value(n.elem, v, false) })
	}
	v.Set(n.empty)
	return r.elements(func() bool {
		i := v.Len()
		if i == v.Cap() {
			v.Grow(max(n.first, i))
		}
		v.SetLen(i + 1)
		return r.value(n.elem, v.Index(i), true)
	})
}

func (r *reader) structure(n *node, v reflect.Value, read bool) bool {
	var seen uint64
	last := -1
	return r.members(func(name string) bool {
		i := n.find(name, last)
		if i < 0 {
			return r.skip()
		}
		f := n.fields[i]
		if last = i; seen&f.bit != 0 {
			return false
		}
		seen |= f.bit
		if !read || !f.read {
			return r.value(f.node, v, false)
		}
		member := v
		for _, i := range f.index {
			member = member.Field(i)
		}
		return r.value(f.node, member, true)
	})
}

func (r *reader) mapping(n *node, v reflect.Value, read bool) bool {
	if !read {
		return r.members(func(string) bool { return r.value(n.elem, v, false) })
	}
	if n.plain {
		return r.strings(v.Addr().Interface().(*map[string]string))
	}
	v.Set(reflect.MakeMap(n.typ))
	return r.members(func(name string) bool {
		key, elem := reflect.New(n.typ.Key()).Elem(), reflect.New(n.elem.typ).Elem()
		key.SetString(name)
		if v.MapIndex(key).IsValid() || !r.value(n.elem, elem, true) {
			return false
		}
		v.SetMapIndex(key, elem)
		return true
	})
}

func (r *reader) strings(into *map[string]string) bool {
	m := map[string]string{}
	*into = m
	return r.members(func(name string) bool {
		_, twice := m[name]
		value, ok := r.string(true)
		m[name] = value
		return ok && !twice
	})
}

// itself lets a value read itself. Most quantities are plain, and need not be made to be checked.
func (r *reader) itself(n *node, v reflect.Value, read bool) bool {
	start := r.at
	if !r.skip() {
		return false
	}
	raw := r.data[start:r.at]
	if !read {
		if n.typ == quantity && isPlainQuantity(raw) {
			return true
		}
		v = reflect.New(n.typ).Elem()
	}
	return v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(raw) == nil
}
