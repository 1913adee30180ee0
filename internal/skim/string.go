package skim

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/polymoat/polymoat/internal/plain"
)

// string reads a string: a part of the text, or of memory of its own. Where read is false, it is only checked.
func (r *reader) string(read bool) ([]byte, bool) {
	if !r.skipByte('"') {
		return nil, false
	}
	data, start := r.data, r.at
	for at := start; at+8 <= len(data); at += 8 {
		marks := plain.Marks(binary.LittleEndian.Uint64(data[at:]))
		if marks == 0 {
			continue
		}
		if at += bits.TrailingZeros64(marks) / 8; data[at] == '"' { // as nearly always
			r.at = at + 1
			return data[start:at], true
		}
		break
	}
	return r.oddString(start, read)
}

// oddString reads on in a string that begins at start and is not plain.
func (r *reader) oddString(start int, read bool) ([]byte, bool) {
	ascii, escaped := true, false
	for r.skipPlain(); r.at < len(r.data); r.skipPlain() {
		switch c := r.data[r.at]; {
		case c == '"':
			s := r.data[start:r.at]
			r.at++
			switch {
			case !read:
				return nil, true
			case !ascii && !utf8.Valid(s): // sigs.k8s.io/json repairs it
				return nil, false
			case escaped:
				return unescape(s)
			}
			return s, true
		case c == '\\':
			escaped = true
			if !r.escape() {
				return nil, false
			}
		case c >= utf8.RuneSelf:
			ascii = false
			r.at++
		default:
			return nil, false
		}
	}
	return nil, false
}

// Strings that are kept share memory: it is quicker to make room for many of them than for each, and for them than for all of
// a text of which most is not kept. A long one has memory of its own, so that little is left over.
const (
	leastShared = 512
	mostShared  = 2 << 10
	long        = 128
)

// keep copies a string that stays when the text is gone.
func (r *reader) keep(s []byte) string {
	if len(s) > long {
		return string(s)
	}
	if r.kept.Cap()-r.kept.Len() < len(s) {
		r.kept = strings.Builder{}
		r.kept.Grow(min(max(len(r.data)/3, leastShared), mostShared)) // of most pods, a little less is kept
	}
	start := r.kept.Len()
	r.kept.Write(s)
	return r.kept.String()[start:]
}

// skipPlain passes over bytes that stand for themselves, eight at a time.
func (r *reader) skipPlain() {
	data, at := r.data, r.at
	for at+8 <= len(data) {
		if marks := plain.Marks(binary.LittleEndian.Uint64(data[at:])); marks != 0 {
			r.at = at + bits.TrailingZeros64(marks)/8
			return
		}
		at += 8
	}
	for at < len(data) && plain.Byte(data[at]) {
		at++
	}
	r.at = at
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
func unescape(s []byte) ([]byte, bool) {
	text := make([]byte, 0, len(s))
	for {
		before, rest, found := bytes.Cut(s, []byte{'\\'})
		text = append(text, before...)
		if !found {
			return text, true
		}
		if rest[0] != 'u' {
			text = append(text, escapes[rest[0]])
			s = rest[1:]
			continue
		}
		code, err := strconv.ParseUint(string(rest[1:5]), 16, 16)
		if err != nil || 0xD800 <= code && code < 0xE000 {
			return nil, false
		}
		text = utf8.AppendRune(text, rune(code))
		s = rest[5:]
	}
}

// escapes are the bytes that one letter stands for after a backslash.
var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}
