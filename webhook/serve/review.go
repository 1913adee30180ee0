package serve

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"time"
)

// Body is that of the requests that handlers get. It is there as a whole.
type Body struct {
	*bytes.Reader
	All []byte
}

// Close does nothing.
func (Body) Close() error { return nil }

// serve reads a request whole, waits for room, and hands it on.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), timeoutOf(r)/10*9) // a tenth is for the way back
	defer cancel()
	if s.options.Leaving() {
		w.Header().Set("Connection", "close")
	}
	of := ctx.Value(connectionKey{}).(*connection)
	body, f := s.read(ctx, of, w, r)
	if f != nil {
		s.turnDown(w, r, f)
		s.goodbye(w, f)
		return
	}
	room := s.shared
	if slices.Contains(s.options.Reserved, r.URL.Path) {
		room = s.reserved
	}
	weight := min(max(int64(len(body)), s.options.Weigh(body), leastWeight), room.size)
	if !room.enter(ctx, weight) {
		s.turnDown(w, r, overload)
		return
	}
	defer room.leave(weight)
	defer s.handlers.begin(of)()
	r = r.WithContext(ctx)
	r.Body, r.ContentLength = Body{bytes.NewReader(body), body}, int64(len(body))
	s.mux.ServeHTTP(w, r)
}

// read returns the body when all of it is there. The deadlines are set for each request: one that is not stays with the
// connection. The one for reading ends with the body: net/http goes on reading, to see whether the client is gone.
func (s *Server) read(ctx context.Context, of *connection, w http.ResponseWriter, r *http.Request) ([]byte, *Fault) {
	deadline, _ := ctx.Deadline()
	control := http.NewResponseController(w)
	of.greeted = true // before it has other deadlines
	_ = control.SetWriteDeadline(deadline)
	_ = control.SetReadDeadline(time.Now().Add(bodyTime))
	of.pause()
	of.inBody.Store(true)
	defer of.inBody.Store(false)
	body, err := s.whole(of, w, r)
	if s.connections.finish(of) {
		of.setLinger(-1)
		err = errPushedOut
	}
	if err != nil {
		w.Header().Set("Connection", "close")
		return nil, unread(err)
	}
	_ = control.SetReadDeadline(time.Time{})
	return body, nil
}

// whole is the body. What arrives takes memory, not what is promised, unless that is little and few ask.
func (s *Server) whole(of *connection, w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if err := s.connections.arrived(of, of.early.Swap(0)); err != nil {
		return nil, err
	}
	if r.ContentLength > LargestReview {
		return nil, &http.MaxBytesError{Limit: LargestReview}
	}
	arriving := http.MaxBytesReader(w, r.Body, LargestReview)
	if r.ContentLength < 0 || r.ContentLength > smallReview || !s.connections.few() {
		return io.ReadAll(arriving)
	}
	body := make([]byte, r.ContentLength)
	_, err := io.ReadFull(arriving, body)
	return body, err
}

// goodbye gives a client that is still sending the time to read its answer. One whose body ends early sends no more.
func (s *Server) goodbye(w http.ResponseWriter, f *Fault) {
	if f.Code == http.StatusBadRequest || !s.goodbyes.TryAcquire(1) {
		return
	}
	defer s.goodbyes.Release(1)
	_ = http.NewResponseController(w).Flush()
	time.Sleep(goodbyeTime)
}

func unread(err error) *Fault {
	_, tooLarge := errors.AsType[*http.MaxBytesError](err)
	switch {
	case tooLarge:
		return large
	case errors.Is(err, errPushedOut):
		return overload
	case errors.Is(err, os.ErrDeadlineExceeded):
		return slow
	}
	return NewFault(http.StatusBadRequest, "body", "the body ends early: %v", err)
}

// turnDown answers in plain HTTP, for a review whose uid nobody has read: mutate fails open then and validate fails closed,
// as if nobody had answered, but at once and with a reason. There is no Retry-After: an API server would obey it by itself,
// up to ten times, and bring the load back.
func (s *Server) turnDown(w http.ResponseWriter, r *http.Request, f *Fault) {
	s.options.SentAway(f.Kind)
	if s.rare.Allow() {
		s.options.Log.Warn("reviews are sent away", "kind", f.Kind, "path", r.URL.Path, "remote", r.RemoteAddr, "waiting_bytes", s.InFlight().Waiting)
	}
	f.Write(w)
}

// timeoutOf is how long the caller waits: it says so in the URL, "?timeout=5s".
func timeoutOf(r *http.Request) time.Duration {
	timeout, err := time.ParseDuration(r.URL.Query().Get("timeout"))
	if err != nil || timeout <= 0 {
		return defaultTimeout
	}
	return min(timeout, mostTimeout)
}
