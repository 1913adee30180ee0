package skim

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
)

// deepest is how deep values may be nested; sigs.k8s.io/json goes further.
const deepest = 100

// reader reads a text once, from left to right. Its methods return false where they are not sure; nothing is read then.
type reader struct {
	data  []byte
	at    int
	depth int
	room  int             // in bytes, for what is read
	kept  strings.Builder // of strings
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
			v.SetString(r.keep(s))
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
		if !r.take(n.elem.size) {
			return false
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

// take says whether there is room for so many bytes more.
func (r *reader) take(bytes int) bool {
	r.room -= bytes
	return r.room >= 0
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
	i, err := strconv.ParseInt(string(r.data[start:r.at]), 10, n.typ.Bits())
	if err != nil {
		return false
	}
	if read {
		v.SetInt(i)
	}
	return true
}

func (r *reader) list(n *node, v reflect.Value, read bool) bool {
	if read {
		v.Set(n.empty)
	}
	more, ok := r.first('[', ']')
	for i := 0; more; i++ {
		elem := v
		if read {
			if !r.take(n.elem.size) {
				return false
			}
			if i == v.Cap() {
				v.Grow(max(n.first, i))
			}
			v.SetLen(i + 1)
			elem = v.Index(i)
		}
		if !r.value(n.elem, elem, read) {
			return false
		}
		more, ok = r.more(']')
	}
	return ok
}

func (r *reader) structure(n *node, v reflect.Value, read bool) bool {
	var seen uint64
	last := -1
	more, ok := r.first('{', '}')
	for ; more; more, ok = r.more('}') {
		name, ok := r.name()
		if !ok {
			return false
		}
		i := n.find(name, last)
		if i < 0 {
			if !r.skip() {
				return false
			}
			continue
		}
		f := &n.fields[i]
		if last = i; seen&(1<<i) != 0 {
			return false
		}
		seen |= 1 << i
		member := v
		if read && f.read {
			for _, i := range f.index {
				member = member.Field(i)
			}
		}
		if !r.value(f.node, member, read && f.read) {
			return false
		}
	}
	return ok
}

func (r *reader) mapping(n *node, v reflect.Value, read bool) bool {
	if read && n.plain {
		return r.strings(v.Addr().Interface().(*map[string]string))
	}
	if read {
		v.Set(reflect.MakeMap(n.typ))
	}
	more, ok := r.first('{', '}')
	for ; more; more, ok = r.more('}') {
		name, ok := r.name()
		if !ok || !r.member(n, v, read, name) {
			return false
		}
	}
	return ok
}

// entry is about what a key and a string take in a map, in bytes.
const entry = 64

// member reads the value of a key of a map.
func (r *reader) member(n *node, v reflect.Value, read bool, name []byte) bool {
	if !read {
		return r.value(n.elem, v, false)
	}
	if !r.take(entry + n.elem.size) {
		return false
	}
	key, elem := reflect.New(n.typ.Key()).Elem(), reflect.New(n.elem.typ).Elem()
	key.SetString(r.keep(name))
	if v.MapIndex(key).IsValid() || !r.value(n.elem, elem, true) {
		return false
	}
	v.SetMapIndex(key, elem)
	return true
}

func (r *reader) strings(into *map[string]string) bool {
	m := map[string]string{}
	*into = m
	more, ok := r.first('{', '}')
	for n := 1; more; n++ {
		name, isName := r.name()
		value, isString := r.string(true)
		if !isName || !isString || !r.take(entry) {
			return false
		}
		if m[r.keep(name)] = r.keep(value); len(m) != n {
			return false
		}
		more, ok = r.more('}')
	}
	return ok
}

// itself lets a value read itself. Most need not be made to be checked.
func (r *reader) itself(n *node, v reflect.Value, read bool) bool {
	start := r.at
	if !r.skip() {
		return false
	}
	raw := r.data[start:r.at]
	if !read {
		if n.typ == fieldsV1 || n.typ == quantity && isPlainQuantity(raw) {
			return true
		}
		v = reflect.New(n.typ).Elem()
	}
	return v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(raw) == nil
}
