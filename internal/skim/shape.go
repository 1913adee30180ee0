package skim

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// kind is how a value is read.
type kind uint8

const (
	aString kind = iota
	aBool
	anInt32
	anInt64
	aPointer
	aList
	aMap
	aStruct
	anUnmarshaler // it reads itself
)

// node is how the values of one type look in JSON. What is looked at for each value comes first, close together.
type node struct {
	kind   kind
	plain  bool    // a map[string]string
	size   int     // of a value, in bytes
	block  int     // of Memory; -1 where none is lent
	elem   *node   // of a pointer, a list, a map
	fields []field // of a struct
	names  index   // of the fields' names
	typ    reflect.Type
	empty  reflect.Value // a list without elements
	first  int           // for how many elements of a list there is room at first: most lists are short
}

// field is a member of a struct.
type field struct {
	name   string  // in JSON
	offset uintptr // in the struct, in bytes, through those that are inlined
	node   *node
	read   bool
}

// large is from how many bytes on an element is too large to have room for more than there are.
const large = 256

// mostFields is how many fields of a struct can be told apart by one bit each, to see those that come twice.
const mostFields = 64

type builder struct {
	nodes  map[reflect.Type]*node
	unread map[reflect.Type][]string
	lent   []*node // those that Memory has a block for
}

var (
	unmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func (b *builder) nodeOf(t reflect.Type) *node {
	if n := b.nodes[t]; n != nil {
		return n
	}
	n := &node{typ: t, size: int(t.Size()), block: -1}
	if n.size >= leastLent {
		n.block = len(b.lent)
		b.lent = append(b.lent, n)
	}
	b.nodes[t] = n // types refer to themselves
	switch pointer := reflect.PointerTo(t); {
	case t.Kind() != reflect.Pointer && pointer.Implements(unmarshaler):
		n.kind = anUnmarshaler
	case pointer.Implements(textUnmarshaler):
		unreadable(t)
	default:
		b.describe(n)
	}
	return n
}

// blocks are those of a Memory, empty.
func (b *builder) blocks() []block {
	blocks := make([]block, len(b.lent))
	for i, n := range b.lent {
		blocks[i].node = n
	}
	return blocks
}

// describe is nodeOf for what does not read itself.
func (b *builder) describe(n *node) {
	switch t := n.typ; t.Kind() {
	case reflect.String:
		n.kind = aString
	case reflect.Bool:
		n.kind = aBool
	case reflect.Int32:
		n.kind = anInt32
	case reflect.Int64:
		n.kind = anInt64
	case reflect.Pointer:
		n.kind, n.elem = aPointer, b.nodeOf(t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 { // base64
			unreadable(t)
		}
		n.kind, n.elem, n.empty, n.first = aList, b.nodeOf(t.Elem()), reflect.MakeSlice(t, 0, 0), 4
		if t.Elem().Size() > large {
			n.first = 1
		}
	case reflect.Map:
		if t.Key().Kind() != reflect.String || reflect.PointerTo(t.Key()).Implements(textUnmarshaler) {
			unreadable(t)
		}
		n.kind, n.elem, n.plain = aMap, b.nodeOf(t.Elem()), t == reflect.TypeFor[map[string]string]()
	case reflect.Struct:
		n.kind = aStruct
		b.addFields(n, t, 0)
		n.names = indexOf(n.fields)
		b.checkUnread(n)
	default:
		unreadable(t)
	}
}

// addFields adds the fields of a struct, those of inlined structs last: what is further out counts.
func (b *builder) addFields(n *node, t reflect.Type, offset uintptr) {
	names, listed := b.unread[t]
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		at := offset + f.Offset
		switch {
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			defer b.addFields(n, f.Type, at)
		case !f.IsExported() || name == "-":
		case name == "" || strings.Contains(options, "string") || len(n.fields) == mostFields:
			unreadable(t)
		case !n.has(name):
			unread := listed && (len(names) == 0 || slices.Contains(names, name))
			n.fields = append(n.fields, field{name: name, offset: at, read: !unread, node: b.nodeOf(f.Type)})
		}
	}
}

// checkUnread holds that the fields which are not to be read are there.
func (b *builder) checkUnread(n *node) {
	for _, name := range b.unread[n.typ] {
		if !n.has(name) {
			panic(fmt.Sprintf("skim: %s has no field %q", n.typ, name))
		}
	}
}

func (n *node) has(name string) bool {
	return slices.ContainsFunc(n.fields, func(f field) bool { return f.name == name })
}

// find is the index of the field of that name; -1 where there is none.
func (n *node) find(name []byte) int {
	return slices.IndexFunc(n.fields, func(f field) bool { return f.name == string(name) })
}

func unreadable(t reflect.Type) { panic(fmt.Sprintf("skim: %s cannot be read", t)) }
