package plain_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math/bits"
	"testing"

	"github.com/polymoat/polymoat/internal/plain"
)

// TestMarks: the first byte that is not plain is found, whatever it is and whatever stands around it.
func TestMarks(t *testing.T) {
	for _, around := range []byte{' ', '!', '#', '[', ']', 'a', 0x7f} {
		for c := range 256 {
			for at := range 8 {
				eight := bytes.Repeat([]byte{around}, 8)
				eight[at] = byte(c)
				want := at
				if plain.Byte(byte(c)) {
					want = 8
				}
				if got := bits.TrailingZeros64(plain.Marks(binary.LittleEndian.Uint64(eight))) / 8; got != want {
					t.Fatalf("%q: found at %d, want %d", eight, got, want)
				}
			}
		}
	}
}

// TestMarksOfPairs: a byte that is not plain is not hidden by one that comes later.
func TestMarksOfPairs(t *testing.T) {
	for first := range 256 {
		for second := range 256 {
			eight := []byte{'a', 'b', byte(first), byte(second), 'c', 'd', 'e', 'f'}
			want := bytes.IndexFunc([]byte{byte(first), byte(second), '"'}, func(r rune) bool { return r >= 0x80 || !plain.Byte(byte(r)) }) + 2
			if want == 4 {
				want = 8
			}
			if got := bits.TrailingZeros64(plain.Marks(binary.LittleEndian.Uint64(eight))) / 8; got != want {
				t.Fatalf("%q: found at %d, want %d", eight, got, want)
			}
		}
	}
}

// FuzzAppend: what is appended reads as the string, as far as it is UTF-8, and text before it stays.
func FuzzAppend(f *testing.F) {
	for _, s := range []string{"", "a", "polymoat.io/role", "eight...", "a \"quoted\" one", "back\\slash", "line\nline", "é", "\xff", "\x7f<&>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		marshalled, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var want, got string
		if err := json.Unmarshal(marshalled, &want); err != nil {
			t.Fatal(err)
		}
		text := plain.Append([]byte("before"), s)
		if err := json.Unmarshal(bytes.TrimPrefix(text, []byte("before")), &got); err != nil || got != want {
			t.Fatalf("%q became %s, which reads as %q: %v", s, text, got, err)
		}
		if other := plain.AppendBytes([]byte("before"), []byte(s)); !bytes.Equal(other, text) {
			t.Fatalf("%q became %s as bytes, and %s as a string", s, other, text)
		}
	})
}
