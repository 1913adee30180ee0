package skim

import (
	"encoding/binary"
	"math/bits"
)

// word is a name of up to 24 bytes as three numbers, the bytes that it lacks zero. Two of them are compared, and looked up, in
// a few instructions.
type word struct {
	low, middle, high uint64
	length            int
}

// longestWord is the longest name that is a word. Nearly all are.
const longestWord = 24

// wordOf is the word with which a text begins, up to a quote; false where it is longer, or where the text has no room for
// one that is as long as can be.
func wordOf(text []byte) (w word, ok bool) {
	if len(text) <= longestWord {
		return w, false
	}
	if w.low, w.length = upToQuote(text); w.length < 8 {
		return w, true
	}
	var n int
	if w.middle, n = upToQuote(text[8:]); n < 8 {
		w.length += n
		return w, true
	}
	w.high, n = upToQuote(text[16:])
	w.length += 8 + n
	return w, n < 8
}

// upToQuote is the bytes before the first quote among the first eight, and how many they are.
func upToQuote(text []byte) (bytes uint64, n int) {
	bytes = binary.LittleEndian.Uint64(text)
	quotes := quotesIn(bytes)
	if quotes == 0 {
		return bytes, 8
	}
	n = bits.TrailingZeros64(quotes) / 8
	return bytes & (1<<(8*n) - 1), n
}

// quotesIn sets the highest bit of each of eight bytes that is a quote. Only the lowest of them is to be relied upon.
func quotesIn(eight uint64) uint64 {
	const each, highest = 0x0101010101010101, 0x8080808080808080
	quote := eight ^ each*'"'
	return (quote - each) & ^quote & highest
}

// index finds fields by words.
type index struct {
	places []uint8 // the indexes of fields + 1, as many as a power of two
	words  []word  // of the fields, the zero word of those whose names are longer
	shift  int
}

// indexOf makes four times as many places as there are names, so that few need the same. Of those that do the first is found.
func indexOf(fields []field) index {
	size := 2 + bits.Len(uint(len(fields)))
	n := index{places: make([]uint8, 1<<size), words: make([]word, len(fields)), shift: 64 - size}
	for i := len(fields) - 1; i >= 0; i-- {
		text := append([]byte(fields[i].name), '"')
		if w, ok := wordOf(append(text, make([]byte, longestWord)...)); ok {
			n.words[i] = w
			n.places[n.placeOf(w)] = uint8(i + 1)
		}
	}
	return n
}

// placeOf spreads words over the places by the highest bits of a product.
func (n *index) placeOf(w word) uint64 {
	const odd = 0x9E3779B97F4A7C15
	return (w.low ^ bits.RotateLeft64(w.middle, 21) ^ bits.RotateLeft64(w.high, 42)) * odd >> n.shift
}

// find is the index of the field whose name is the word; -1 where it is not known whether there is one.
func (n *index) find(w word) int {
	i := int(n.places[n.placeOf(w)]) - 1
	if i < 0 || n.words[i] != w {
		return -1
	}
	return i
}
