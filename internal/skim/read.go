package skim

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"unsafe"
)

// deepest is how deep values may be nested; sigs.k8s.io/json goes further.
const deepest = 100

// reader reads a text once, from left to right. Its methods return false where they are not sure; nothing is read then.
//
// Values go to an address, whose type is the node's; where it is nil they are only checked. Package reflect would look at
// the type, the name and the place of each field again, every time. An address is only ever that of a new value, of a field
// in one, where the compiler has put it, or of an element of a list: nothing that is read has a say in it.
type reader struct {
	data  []byte
	at    int
	depth int
	room  int             // in bytes, for what is read
	kept  strings.Builder // of strings
	// memory is for what is large; nil where that is made anew.
	memory *Memory
}

// value reads the value that comes next.
func (r *reader) value(n *node, into unsafe.Pointer) bool {
	switch c := r.next(); {
	case n.kind == anUnmarshaler:
		return r.itself(n, into)
	case c == 'n': // of a list, a map or a pointer it is the zero value, and it leaves the others as they are
		return r.literal("null")
	}
	switch n.kind {
	case aString:
		s, ok := r.string(into != nil)
		if ok && into != nil {
			*(*string)(into) = r.keep(s)
		}
		return ok
	case aBool:
		return r.bool((*bool)(into))
	case anInt32, anInt64:
		return r.int(n, into)
	case aPointer:
		return r.pointer(n, into)
	case aList:
		return r.list(n, into)
	case aMap:
		return r.mapping(n, into)
	default:
		return r.structure(n, into)
	}
}

// take says whether there is room for so many bytes more.
func (r *reader) take(bytes int) bool {
	r.room -= bytes
	return r.room >= 0
}

func (r *reader) bool(into *bool) bool {
	is := r.next() == 't'
	if !r.literal(strconv.FormatBool(is)) {
		return false
	}
	if into != nil {
		*into = is
	}
	return true
}

// longestInt is the longest number that is sure to be no more than 64 bits.
const longestInt = 18

// int takes numbers without fraction and exponent only: of the others it would have to be known which are whole.
func (r *reader) int(n *node, into unsafe.Pointer) bool {
	start := r.at
	if !r.number() || r.at-start > longestInt {
		return false
	}
	i, err := strconv.ParseInt(string(r.data[start:r.at]), 10, 8*n.size)
	switch {
	case err != nil:
		return false
	case into == nil:
	case n.kind == anInt32:
		*(*int32)(into) = int32(i)
	default:
		*(*int64)(into) = i
	}
	return true
}

func (r *reader) pointer(n *node, into unsafe.Pointer) bool {
	if into == nil {
		return r.value(n.elem, nil)
	}
	if !r.take(n.elem.size) {
		return false
	}
	elem := r.memory.lend(n.elem)
	if elem == nil {
		elem = reflect.New(n.elem.typ).UnsafePointer()
	}
	*(*unsafe.Pointer)(into) = elem
	return r.value(n.elem, elem)
}

// slice is what Go's slices are made of.
type slice struct {
	elems    unsafe.Pointer
	len, cap int
}

func (r *reader) list(n *node, into unsafe.Pointer) bool {
	more, ok := r.first('[', ']')
	if into != nil && !more {
		reflect.NewAt(n.typ, into).Elem().Set(n.empty)
	}
	for more {
		var elem unsafe.Pointer
		if into != nil {
			if elem = r.extend(n, into); elem == nil {
				return false
			}
		}
		if !r.value(n.elem, elem) {
			return false
		}
		more, ok = r.more(']')
	}
	return ok
}

// extend is the address of a new element at the end of a list; nil where there is no room for it.
func (r *reader) extend(n *node, list unsafe.Pointer) unsafe.Pointer {
	s := (*slice)(list)
	if s.len == s.cap {
		more := max(n.first, s.len)
		if !r.take(more * n.elem.size) {
			return nil
		}
		if !r.memory.extend(n.elem, s, more) {
			grown := s.cap + more
			if reflect.NewAt(n.typ, list).Elem().Grow(more); !r.take((s.cap - grown) * n.elem.size) { // or it grew by more than that
				return nil
			}
		}
	}
	s.len++
	return unsafe.Add(s.elems, (s.len-1)*n.elem.size)
}

func (r *reader) structure(n *node, into unsafe.Pointer) bool {
	var seen uint64
	more, ok := r.first('{', '}')
	for ; more; more, ok = r.more('}') {
		i, ok := r.field(n)
		if !ok {
			return false
		}
		if i < 0 {
			if !r.skip() {
				return false
			}
			continue
		}
		if seen&(1<<i) != 0 {
			return false
		}
		seen |= 1 << i
		f := &n.fields[i]
		var member unsafe.Pointer
		if into != nil && f.read {
			member = unsafe.Add(into, f.offset)
		}
		if !r.value(f.node, member) {
			return false
		}
	}
	return ok
}

// field reads the name of a member, up to where its value comes. It returns the index of the field; -1 where there is none.
func (r *reader) field(n *node) (int, bool) {
	// What stands up to the next quote and is the name of a field has no escapes, nor anything else to look at.
	if rest := r.data[r.at:]; len(rest) > longestWord+2 && rest[0] == '"' {
		if w, ok := wordOf(rest[1:]); ok && rest[w.length+2] == ':' {
			if i := n.names.find(w); i >= 0 {
				r.at += w.length + 3
				return i, true
			}
		}
	}
	name, ok := r.name()
	if !ok {
		return -1, false
	}
	return n.find(name), true
}

func (r *reader) mapping(n *node, into unsafe.Pointer) bool {
	if into != nil && n.plain {
		return r.strings((*map[string]string)(into))
	}
	var m reflect.Value
	if into != nil {
		m = reflect.NewAt(n.typ, into).Elem()
		m.Set(reflect.MakeMap(n.typ))
	}
	more, ok := r.first('{', '}')
	for ; more; more, ok = r.more('}') {
		name, ok := r.name()
		if !ok || !r.member(n, m, name) {
			return false
		}
	}
	return ok
}

// entry is about what a key and a string take in a map, in bytes.
const entry = 64

// member reads the value of a key of a map, which is no Value where it is only checked.
func (r *reader) member(n *node, m reflect.Value, name []byte) bool {
	if !m.IsValid() {
		return r.value(n.elem, nil)
	}
	if !r.take(entry + n.elem.size) {
		return false
	}
	key, elem := reflect.New(n.typ.Key()).Elem(), reflect.New(n.elem.typ)
	key.SetString(r.keep(name))
	if m.MapIndex(key).IsValid() || !r.value(n.elem, elem.UnsafePointer()) {
		return false
	}
	m.SetMapIndex(key, elem.Elem())
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
func (r *reader) itself(n *node, into unsafe.Pointer) bool {
	start := r.at
	if !r.skip() {
		return false
	}
	raw := r.data[start:r.at]
	if into == nil {
		if n.typ == fieldsV1 || n.typ == quantity && isPlainQuantity(raw) {
			return true
		}
		into = reflect.New(n.typ).UnsafePointer()
	}
	return reflect.NewAt(n.typ, into).Interface().(json.Unmarshaler).UnmarshalJSON(raw) == nil
}
