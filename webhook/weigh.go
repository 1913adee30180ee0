package webhook

import (
	"bytes"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/polymoat/polymoat/webhook/serve"
)

// What a value of JSON takes in memory at most, in bytes: an object may be a container, with all its fields.
const (
	objectMemory = 1 << 10
	valueMemory  = 64
	// mostMemory is what one review may take. A Job with arguments of 1.4 MB takes a fraction.
	mostMemory = 64 << 20
)

// weigh is what a review counts for in the server's room: a tenth of the memory that it takes when it is decoded. Braces and
// commas inside strings count as well. A review only seems larger for that, and waits for room.
func weigh(body []byte) int64 { return apparentMemory(body) / 10 }

func apparentMemory(body []byte) int64 {
	return memoryOf(bytes.Count(body, []byte{'{'}), bytes.Count(body, []byte{','}))
}

func memoryOf(objects, values int) int64 {
	return int64(objects)*objectMemory + int64(values)*valueMemory
}

// bounded refuses a review that takes more memory than there is for one. It counts what the decoder sees, and only where the
// review seems large.
func bounded(body []byte) *serve.Fault {
	if apparentMemory(body) <= mostMemory {
		return nil
	}
	decoder, objects, values := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)), 0, 0
	for {
		token, err := decoder.ReadToken()
		if err != nil {
			return nil // the end, or what decoding will complain about
		}
		values++
		if token.Kind() == '{' {
			objects++
		}
		if memoryOf(objects, values) > mostMemory {
			return serve.NewFault(http.StatusRequestEntityTooLarge, "too-large",
				"the review takes more memory than there is for one (%d objects and %d values of it take 64 MiB); make the object smaller", objects, values)
		}
	}
}
