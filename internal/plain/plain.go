// Package plain tells which bytes of a string stand for themselves in JSON: ASCII without quotes, backslashes and control
// characters. Nearly all strings of a pod have no others, and are read and written without a look at each byte.
package plain

import (
	"encoding/binary"
	"encoding/json"
	"unicode/utf8"
	"unsafe"
)

// Byte says whether a byte is plain.
func Byte(c byte) bool { return ' ' <= c && c < utf8.RuneSelf && c != '"' && c != '\\' }

// Marks sets the highest bit of each of eight bytes that is not plain, the first byte lowest. Only the lowest bit that is set
// is to be relied upon: subtracting sets the highest bit of every byte that is too small, and borrows from the byte above it.
func Marks(eight uint64) uint64 {
	const each, highest = 0x0101010101010101, 0x8080808080808080
	// A quote with its second bit flipped is a space; control characters stay control characters.
	small, backslash := (eight^each*2)-each*(' '+1), (eight^each*'\\')-each
	return (eight | small | backslash) & highest
}

// Append appends a string in JSON, as encoding/json writes it but for characters that it escapes for browsers.
func Append(text []byte, s string) []byte {
	return AppendBytes(text, unsafe.Slice(unsafe.StringData(s), len(s)))
}

// AppendBytes is Append for a string that is bytes.
func AppendBytes(text, s []byte) []byte {
	if !all(s) {
		quoted, _ := json.Marshal(string(s)) // no string fails
		return append(text, quoted...)
	}
	return append(append(append(text, '"'), s...), '"')
}

// all says whether all bytes are plain.
func all(s []byte) bool {
	for ; len(s) >= 8; s = s[8:] {
		if Marks(binary.LittleEndian.Uint64(s)) != 0 {
			return false
		}
	}
	for _, c := range s {
		if !Byte(c) {
			return false
		}
	}
	return true
}
