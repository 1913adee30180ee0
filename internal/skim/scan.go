package skim

import "strings"

// ended says whether nothing follows.
func (r *reader) ended() bool {
	r.next()
	return r.at == len(r.text)
}

// next is the byte with which the next token begins; 0 where there is none, with which no token begins.
func (r *reader) next() byte {
	for ; r.at < len(r.text); r.at++ {
		if c := r.text[r.at]; c != ' ' && c != '\t' && c != '\n' && c != '\r' {
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
	if !strings.HasPrefix(r.text[r.at:], word) {
		return false
	}
	r.at += len(word)
	return true
}

// enter begins an object or a list; leave ends it, if it does end here.
func (r *reader) enter(c byte) bool {
	r.depth++
	return r.depth <= deepest && r.skipByte(c)
}

func (r *reader) leave(c byte) bool {
	if !r.skipByte(c) {
		return false
	}
	r.depth--
	return true
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

// members reads an object: each is called where the value of a member comes next.
func (r *reader) members(each func(name string) bool) bool {
	if !r.enter('{') {
		return false
	}
	if r.leave('}') {
		return true
	}
	for {
		name, ok := r.string(true)
		if !ok || !r.skipByte(':') || !each(name) {
			return false
		}
		if more, ok := r.more('}'); !more {
			return ok
		}
	}
}

// skip passes over any value.
func (r *reader) skip() bool {
	switch r.next() {
	case '{':
		return r.members(func(string) bool { return r.skip() })
	case '[':
		return r.elements(r.skip)
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

// elements reads a list: each is called where an element comes next.
func (r *reader) elements(each func() bool) bool {
	if !r.enter('[') {
		return false
	}
	if r.leave(']') {
		return true
	}
	for {
		if !each() {
			return false
		}
		if more, ok := r.more(']'); !more {
			return ok
		}
	}
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
func (r *reader) has(bytes string) bool {
	if r.at == len(r.text) || strings.IndexByte(bytes, r.text[r.at]) < 0 {
		return false
	}
	r.at++
	return true
}

func (r *reader) digits() bool {
	start := r.at
	for r.at < len(r.text) && '0' <= r.text[r.at] && r.text[r.at] <= '9' {
		r.at++
	}
	return r.at > start
}
