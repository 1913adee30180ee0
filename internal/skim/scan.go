package skim

import (
	"bytes"
	"strings"
)

// ended says whether nothing follows.
func (r *reader) ended() bool {
	r.next()
	return r.at == len(r.data)
}

// next is the byte with which the next token begins; 0 where there is none, with which no token begins.
func (r *reader) next() byte {
	if r.at < len(r.data) && r.data[r.at] > ' ' {
		return r.data[r.at]
	}
	return r.nextAfterSpace()
}

func (r *reader) nextAfterSpace() byte {
	for ; r.at < len(r.data); r.at++ {
		if c := r.data[r.at]; c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c
		}
	}
	return 0
}

func (r *reader) skipByte(c byte) bool {
	if r.next() != c {
		return false
	}
	r.at++
	return true
}

func (r *reader) literal(word string) bool {
	if !bytes.HasPrefix(r.data[r.at:], []byte(word)) {
		return false
	}
	r.at += len(word)
	return true
}

// first goes into an object or a list. It says whether there is a member or an element; if not, whether it ends here.
func (r *reader) first(begin, end byte) (more, ok bool) {
	r.depth++
	if r.depth > deepest || !r.skipByte(begin) {
		return false, false
	}
	if r.next() != end {
		return true, true
	}
	r.at++
	r.depth--
	return false, true
}

// more says whether another member or element follows; if none does, whether the object or list ends here.
func (r *reader) more(end byte) (more, ok bool) {
	switch r.next() {
	case ',':
		r.at++
		return true, true
	case end:
		r.at++
		r.depth--
		return false, true
	}
	return false, false
}

// name reads the name of a member, up to where its value comes.
func (r *reader) name() ([]byte, bool) {
	name, ok := r.string(true)
	return name, ok && r.skipByte(':')
}

// skip passes over any value.
func (r *reader) skip() bool {
	switch r.next() {
	case '{':
		more, ok := r.first('{', '}')
		for ; more; more, ok = r.more('}') {
			if _, ok := r.name(); !ok || !r.skip() {
				return false
			}
		}
		return ok
	case '[':
		more, ok := r.first('[', ']')
		for ; more; more, ok = r.more(']') {
			if !r.skip() {
				return false
			}
		}
		return ok
	case '"':
		_, ok := r.string(false)
		return ok
	case 't':
		return r.literal("true")
	case 'f':
		return r.literal("false")
	case 'n':
		return r.literal("null")
	}
	return r.number()
}

// number passes over -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?
func (r *reader) number() bool {
	r.next()
	r.has("-")
	switch {
	case r.has("0"):
	case !r.digits():
		return false
	}
	if r.has(".") && !r.digits() {
		return false
	}
	if r.has("eE") {
		r.has("+-")
		return r.digits()
	}
	return true
}

// has passes over one of the bytes, if one comes next.
func (r *reader) has(any string) bool {
	if r.at == len(r.data) || strings.IndexByte(any, r.data[r.at]) < 0 {
		return false
	}
	r.at++
	return true
}

func (r *reader) digits() bool {
	start := r.at
	for r.at < len(r.data) && '0' <= r.data[r.at] && r.data[r.at] <= '9' {
		r.at++
	}
	return r.at > start
}
