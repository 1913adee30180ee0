package serve

import "time"

// What clients may hold of a server, and for how long. A chart pod has 256 MiB. If everything were at its worst at once, these
// would be: two reviews of 7 MiB that are decided, one of them reserved, each ten times as large when it is decoded, 140 MiB; 35 MiB
// that wait; 16 MiB that arrive; 2,048 connections of 30 KiB, 60 MiB; 2 MiB for small bodies. That is 253 MiB.
const (
	// LargestReview is the most that is read of one: an API server sends at most two objects of 3 MiB and what is around them.
	LargestReview = 7 << 20
	// smallReview is what most reviews are smaller than. While fewUnfinished connections or less are without a complete request, a
	// body so small gets its memory before it has arrived: 2 MiB for all.
	smallReview   = 8 << 10
	fewUnfinished = 256
	// defaultBytes lets 64 small reviews be decided and 448 wait. An API server sends 600 at once at most, to all replicas together.
	defaultBytes = 32 << 20
	// decidedShare is the part of it that is decided at once. A review that is larger is decided alone.
	decidedShare = 8
	// arrivingShare is the part of it that bodies under way may have beside that.
	arrivingShare = 2
	// leastWeight is what a review weighs at least: most have some kilobytes, and each brings a connection and a goroutine.
	leastWeight = 64 << 10
	// mostUnfinished is how many connections may be without a complete request. Three API servers that send all that they can
	// open 1,800 at once.
	mostUnfinished = 2048
	// mostHandshakes is how many of one address are worked on at once: as many as small reviews, or nobody would get as far as
	// to be sent away.
	mostHandshakes = 64
	// crowdedAt is how many unfinished connections one address has when it holds most of what there may be. It has 2 handshakes at
	// once then: each takes 0.4 ms of a processor, and connections of others are to be accepted between them.
	crowdedAt     = mostUnfinished / 4 * 3
	crowdedWeight = mostHandshakes / 2
	// mostHeader is the size of a header, in bytes, to which net/http adds 4 KiB: that of an API server has less than 1 KiB.
	mostHeader = 4 << 10

	// mostGoodbyes is how many connections stay open for goodbyeTime after their client was sent away while it was sending: if
	// one is closed at once, TCP resets it, and the answer may be lost.
	mostGoodbyes = 128
	goodbyeTime  = 500 * time.Millisecond

	// handshakeTime is how long a handshake may take, with the time that the server lets it wait. Callers wait as long by default, and
	// one that is closed sooner has no answer.
	handshakeTime = defaultTimeout
	// headerTime is how long the first header of a connection may take, from its first byte on.
	headerTime = 3 * time.Second
	// bodyTime is how long a body may take. The largest takes 2 seconds at 30 Mbit/s.
	bodyTime = 2 * time.Second
	// idleTime is longer than the 90 seconds after which an API server closes a connection: it must be the one who does.
	idleTime = 100 * time.Second

	// defaultTimeout is how long a caller waits that does not say so: the API server's default.
	defaultTimeout = 10 * time.Second
	// mostTimeout is the longest timeout that a webhook configuration may have.
	mostTimeout = 30 * time.Second
	// stuckTime is longer than any caller waits.
	stuckTime = 35 * time.Second
)

// largestArriving is how many bytes of unfinished requests there may be at least. With two of the largest review, an address
// that sends one of them is never the one that holds most when the bytes are too many.
const largestArriving = 2 * LargestReview
