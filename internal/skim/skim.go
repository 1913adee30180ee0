// Package skim reads JSON into Go values as sigs.k8s.io/json does for an API server, and reads no more of it than is
// asked for.
//
// It is one pass over the text: strings are copied together, and fields that nobody asks for are checked and left where they
// are. It never reads what it is not sure of. Duplicate members, values of another type, numbers in odd spellings, nulls in
// maps, broken UTF-8, deep nesting: Read then says so, and whoever calls reads the text with sigs.k8s.io/json, whose word
// counts. So the two cannot disagree in what is decided, only in how long it takes.
//
//	pods := skim.Of[corev1.Pod](skim.Fields{Of: corev1.Container{}, Names: []string{"env"}})
//	var pod corev1.Pod
//	if !pods.Read(body, &pod) {
//		pod = corev1.Pod{}
//		err = json.UnmarshalCaseSensitivePreserveInts(body, &pod)
//	}
package skim

import (
	"reflect"
	"sync"
	"unsafe"
)

// Fields are those of a struct that are checked and not read: the zero value stays in them.
type Fields struct {
	// Of is a value of the struct's type: corev1.Container{}.
	Of any
	// Names are the names in JSON; none stands for all.
	Names []string
}

// Shape is how a value of type T looks in JSON. It is safe for concurrent use.
type Shape[T any] struct {
	root *node
	// memory is what Borrow lends.
	memory sync.Pool
}

// Of works out the shape of T. It panics where T cannot be read that way, or where unread names a field that is not there:
// both are mistakes of the code and of no input.
func Of[T any](unread ...Fields) *Shape[T] {
	b := builder{nodes: map[reflect.Type]*node{}, unread: map[reflect.Type][]string{}}
	for _, f := range unread {
		b.unread[reflect.TypeOf(f.Of)] = f.Names
	}
	s := &Shape[T]{root: b.nodeOf(reflect.TypeFor[T]())}
	s.memory.New = func() any { return &Memory{b.blocks(), func(m *Memory) { s.memory.Put(m) }} }
	return s
}

// Read reads the text into a zero T. False: it is not sure, and what into holds then means nothing. The text may be used again.
//
// It takes Most of the text's length in memory, beside the text, and is not sure of values that would take more.
func (s *Shape[T]) Read(text []byte, into *T) bool {
	return s.read(text, into, nil)
}

// Borrow is Read into memory that was used before, and will be again: what into points to is only there until it is returned.
// Strings and maps stay.
func (s *Shape[T]) Borrow(text []byte, into *T) (*Memory, bool) {
	m := s.memory.Get().(*Memory)
	if !s.read(text, into, m) {
		m.Return()
		return nil, false
	}
	return m, true
}

func (s *Shape[T]) read(text []byte, into *T, m *Memory) bool {
	r := reader{data: text, room: Most(len(text)), memory: m}
	return r.value(s.root, unsafe.Pointer(into)) && r.ended()
}

// Most is how many bytes the values of a text of that length take at most. Those that people and API servers write take
// half of it; a list of empty objects would take over a hundred times the bytes that it has in JSON.
func Most(length int) int { return min(64<<10+8*length, 16<<20) }
