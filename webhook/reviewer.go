package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/polymoat/polymoat/internal/trail"
)

const (
	// maxBody is the largest review that is read. An API server sends at most two objects of 3 MiB and what is around them.
	maxBody = 7 << 20
	// maxKeptBody is the largest buffer that is kept for the next review: a few huge pods do not cost memory for ever.
	maxKeptBody = 256 << 10
	// chunked is how long an answer may be of which net/http finds out the length itself.
	chunked = 2 << 10
)

// reviewer answers the reviews of one webhook: decode, decide, respond.
type reviewer struct {
	webhook string // "mutate", "validate", "workloads"
	decode  decodes
	decide  decides
	metrics *metrics
	decided prometheus.Observer // how long decisions take
	log     *slog.Logger
	// refusals is the log of them.
	refusals *refusals
	gate     *gate   // nil where all may work at once
	events   *events // nil where nobody is told
	bodies   *sync.Pool
}

type (
	decodes func(body []byte) (*request, *fault)
	decides func(context.Context, *request) (outcome, *fault)
)

func newReviewer(webhook string, decode decodes, decide decides, m *metrics, log *slog.Logger) *reviewer {
	log = log.With("webhook", webhook)
	return &reviewer{
		webhook:  webhook,
		decode:   decode,
		decide:   decide,
		metrics:  m,
		decided:  m.decide.WithLabelValues(webhook),
		log:      log,
		refusals: newRefusals(m, log),
		bodies:   &sync.Pool{New: func() any { return new(bytes.Buffer) }},
	}
}

func (v *reviewer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start, verdict := time.Now(), verdictError
	defer func() { observe(r.Context(), v.metrics.duration.WithLabelValues(v.webhook, verdict), start) }()
	var req *request
	defer func() { req.forget() }()
	// One pod that we cannot handle takes nobody else's review with it.
	defer func() {
		if p := recover(); p != nil {
			v.log.Error("panic", "uid", req.uid(), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			v.fail(w, r, req, internal("panic"))
		}
	}()
	turn := &turn{gate: v.gate}
	defer turn.end()
	req, f := v.read(w, r, turn)
	switch f {
	case nil:
	case overload:
		v.gate.shed(w, r)
		return
	default:
		v.fail(w, r, req, f)
		return
	}
	patch := v.bodies.Get().(*bytes.Buffer) // nearly all have held a body, and so have room for a patch
	defer v.keep(patch)
	req.time, req.turn, req.patch = timeToAnswer(r), turn, patch.AvailableBuffer()
	begun := time.Now()
	out, f := v.decide(r.Context(), req)
	observe(r.Context(), v.decided, begun)
	if f != nil {
		v.fail(w, r, req, f)
		return
	}
	body := v.bodies.Get().(*bytes.Buffer)
	defer v.keep(body)
	var most [8]trail.Note // that most decisions have
	text, err := appendAnswer(body.AvailableBuffer(), req.UID, &out.response, trail.Append(most[:0], out.decision))
	if err != nil {
		v.log.Error("no answer", "uid", req.UID, "error", err)
		v.fail(w, r, req, internal("encode"))
		return
	}
	verdict = v.metrics.decided(v.webhook, req.DryRun, out.decision)
	v.refusals.tell(r.Context(), req, out)
	body.Write(text)
	turn.end() // a client that takes no answer keeps nobody from working
	write(w, body.Bytes())
	v.events.tell(req, out)
}

// read decodes the request in the body, when it is its turn.
func (v *reviewer) read(w http.ResponseWriter, r *http.Request, turn *turn) (*request, *fault) {
	if r.Method != http.MethodPost {
		return nil, httpFault(http.StatusMethodNotAllowed, "method", "the method is %s; POST an AdmissionReview of admission.k8s.io/v1", r.Method)
	}
	if contentType := r.Header.Get("Content-Type"); !isJSON(contentType) {
		return nil, httpFault(http.StatusUnsupportedMediaType, "content-type", "the Content-Type is %q; send application/json", contentType)
	}
	body := v.bodies.Get().(*bytes.Buffer)
	defer v.keep(body)
	if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
		return nil, unread(err)
	}
	if !turn.take(r, body.Len()) {
		return nil, overload
	}
	return v.decode(body.Bytes())
}

func isJSON(contentType string) bool {
	if contentType == "application/json" { // as an API server writes it
		return true
	}
	mediaType, _, _ := mime.ParseMediaType(contentType)
	return mediaType == "application/json"
}

func (v *reviewer) keep(body *bytes.Buffer) {
	if body.Cap() <= maxKeptBody {
		body.Reset()
		v.bodies.Put(body)
	}
}

func unread(err error) *fault {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return httpFault(http.StatusRequestEntityTooLarge, "too-large", "the body is larger than %d bytes, the most that is read", maxBody)
	}
	return badReview("body", "the body ends early: %v", err)
}

// fail answers with a fault: in an AdmissionReview where the API server can match it to its request, else in plain HTTP.
func (v *reviewer) fail(w http.ResponseWriter, r *http.Request, req *request, f *fault) {
	v.metrics.errors.WithLabelValues(f.kind).Inc()
	v.log.Warn("review not answered", "kind", f.kind, "code", f.code, "uid", req.uid(), "remote", r.RemoteAddr)
	if req == nil {
		writeStatus(w, f)
		return
	}
	answer := faulty(f)
	body, err := appendAnswer(nil, req.UID, &answer, nil)
	if err != nil {
		writeStatus(w, f)
		return
	}
	write(w, body)
}

// contentType is that of every answer. Headers share it.
var contentType = []string{"application/json"}

func write(w http.ResponseWriter, body []byte) {
	w.Header()["Content-Type"] = contentType
	if len(body) > chunked {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	// The client is gone if this fails: there is nobody left to tell.
	_, _ = w.Write(body)
}
