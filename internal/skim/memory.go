package skim

import (
	"math/bits"
	"reflect"
	"unsafe"
)

const (
	// leastLent is from how many bytes on a value is lent memory: small ones cost little, and may be kept by whoever reads.
	leastLent = 64
	// mostLent is how many bytes of one type are kept for the next text: one that is huge costs no memory for ever.
	mostLent = 16 << 10
)

// Memory holds what the values of one text point to, until it is returned. The memory of one text after another is the same,
// and so it is in the processor's caches, and seldom collected.
type Memory struct {
	blocks []block
	back   func(*Memory)
}

// block is memory for values of one type.
type block struct {
	node   *node
	values reflect.Value  // a slice
	base   unsafe.Pointer // of the slice
	size   int            // in values
	used   int
	wanted int // by the text, whether they fit or not
}

// lend is memory for one value, which is zero; nil where there is none.
func (m *Memory) lend(n *node) unsafe.Pointer {
	if m == nil || n.block < 0 {
		return nil
	}
	b := &m.blocks[n.block]
	if b.wanted++; b.used == b.size {
		return nil
	}
	b.used++
	return unsafe.Add(b.base, (b.used-1)*n.size)
}

// extend makes room for more values at the end of a list, if that is where the memory for them is.
func (m *Memory) extend(n *node, s *slice, more int) bool {
	if m == nil || n.block < 0 {
		return false
	}
	b := &m.blocks[n.block]
	b.wanted += more
	// Places are compared as numbers: what stands behind the end of something is no pointer.
	next, end := uintptr(b.base)+uintptr(b.used*n.size), uintptr(s.elems)+uintptr(s.cap*n.size)
	if b.size-b.used < more || s.cap > 0 && end != next {
		return false
	}
	if s.cap == 0 {
		s.elems = unsafe.Add(b.base, b.used*n.size)
	}
	s.cap += more
	b.used += more
	return true
}

// Return ends the use of all that was read into the memory: it is zero from then on, and other values soon. It is right to
// return nil, and wrong to return the same twice.
func (m *Memory) Return() {
	if m == nil {
		return
	}
	for i := range m.blocks {
		m.blocks[i].empty()
	}
	m.back(m)
}

func (b *block) empty() {
	for i := range b.used {
		b.values.Index(i).SetZero()
	}
	if b.wanted > b.size && b.wanted*b.node.size <= mostLent {
		b.size = 1 << bits.Len(uint(b.wanted-1))
		b.values = reflect.MakeSlice(reflect.SliceOf(b.node.typ), b.size, b.size)
		b.base = b.values.UnsafePointer()
	}
	b.used, b.wanted = 0, 0
}
