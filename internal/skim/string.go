package skim

import (
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf8"
)

// plain are the bytes that stand for themselves in a string: ASCII without quotes, backslashes and control characters.
var plain = func() (is [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		is[c] = c != '"' && c != '\\'
	}
	return is
}()

// string reads a string. Where read is false, it is only checked.
func (r *reader) string(read bool) (string, bool) {
	if !r.skipByte('"') {
		return "", false
	}
	start, ascii, escaped := r.at, true, false
	for {
		if r.skipPlain(); r.at == len(r.text) {
			return "", false
		}
		switch c := r.text[r.at]; {
		case c == '"':
			s := r.text[start:r.at]
			r.at++
			switch {
			case !read:
				return "", true
			case !ascii && !utf8.ValidString(s): // sigs.k8s.io/json repairs it
				return "", false
			case escaped:
				return unescape(s)
			}
			return s, true
		case c == '\\':
			escaped = true
			if !r.escape() {
				return "", false
			}
		case c >= utf8.RuneSelf:
			ascii = false
			r.at++
		default:
			return "", false
		}
	}
}

// skipPlain passes over bytes that stand for themselves, eight at a time where all of them do.
func (r *reader) skipPlain() {
	data, at := r.data, r.at
	for at+8 <= len(data) && allPlain(binary.LittleEndian.Uint64(data[at:])) {
		at += 8
	}
	for at < len(data) && plain[data[at]] {
		at++
	}
	r.at = at
}

// allPlain says that eight bytes are plain. Where it does not, all of them may still be, next to one that is not far from
// a mark; never the other way round: subtracting sets the highest bit of every byte that is too small, whatever the bytes
// below it borrow.
func allPlain(eight uint64) bool {
	const each, highest = 0x0101010101010101, 0x8080808080808080
	quote, backslash := eight^each*'"', eight^each*'\\'
	return (eight|(eight-each*' ')|(quote-each)|(backslash-each))&highest == 0
}

// escape passes over one escape.
func (r *reader) escape() bool {
	r.at++
	if !r.has("u") {
		return r.has(`"\/bfnrt`)
	}
	for range 4 {
		if !r.has("0123456789abcdefABCDEF") {
			return false
		}
	}
	return true
}

// unescape is the text of a string whose escapes are known to be complete. Halves of a character in UTF-16 are left to
// sigs.k8s.io/json, which repairs those that have no other half.
func unescape(s string) (string, bool) {
	var b strings.Builder
	b.Grow(len(s))
	for {
		before, rest, found := strings.Cut(s, `\`)
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		if rest[0] != 'u' {
			b.WriteByte(escapes[rest[0]])
			s = rest[1:]
			continue
		}
		code, err := strconv.ParseUint(rest[1:5], 16, 16)
		if err != nil || 0xD800 <= code && code < 0xE000 {
			return "", false
		}
		b.WriteRune(rune(code))
		s = rest[5:]
	}
}

// escapes are the bytes that one letter stands for after a backslash.
var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}
