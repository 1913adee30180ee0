package webhook

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/healthz"

	"github.com/polymoat/polymoat/certs/verify"
	"github.com/polymoat/polymoat/internal/cluster"
)

// readiness says whether reviews should be sent here. The policy is loaded before there is a server to ask.
type readiness struct {
	certificate     func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	nodesSynced     func() bool // nil without a cluster, like those below
	workloadsSynced func() bool
	classesSynced   func() bool
	configurations  func() []cluster.Configuration // those through which the API server asks
	log             *slog.Logger
	stopping        atomic.Bool

	mu         sync.Mutex
	was        bool      // ready, at least once
	distrusted time.Time // since when a configuration does not accept the certificate; zero if all do
	told       string    // what the log was told last
}

// state is the answer to a probe.
type state struct {
	problems []string // the reasons not to be ready
	notes    []string // what is worth knowing all the same
}

func (s state) String() string {
	text := "ready"
	if len(s.problems) > 0 {
		text = "not ready: " + strings.Join(s.problems, "; ")
	}
	return strings.Join(append([]string{text}, s.notes...), "; ")
}

// state looks at everything that reviews need.
func (r *readiness) state(now time.Time) state {
	r.mu.Lock()
	defer r.mu.Unlock()
	var s state
	if r.stopping.Load() {
		s.problems = append(s.problems, "shutting down")
	}
	if r.nodesSynced != nil && !r.nodesSynced() {
		s.problems = append(s.problems, "the nodes of the cluster are not listed yet")
	}
	if r.workloadsSynced != nil && !r.workloadsSynced() {
		s.problems = append(s.problems, "the workloads of the governed namespaces are not listed yet")
	}
	if r.classesSynced != nil && !r.classesSynced() {
		s.problems = append(s.problems, "the PriorityClasses of the cluster are not listed yet")
	}
	if problem := r.certificateProblem(now); problem != "" {
		s.problems = append(s.problems, problem)
	} else if r.configurations != nil {
		r.addTrust(&s, now)
	}
	r.was = r.was || len(s.problems) == 0
	return s
}

// addTrust adds what the webhook configurations say.
func (r *readiness) addTrust(s *state, now time.Time) {
	pair, _ := r.certificate(nil) // certificateProblem has looked at the error
	t := judge(r.configurations(), pair, now)
	s.notes = append(s.notes, t.notes...)
	s.problems = append(s.problems, t.unlisted...)
	if len(t.distrust) == 0 {
		r.distrusted = time.Time{}
		return
	}
	if r.distrusted.IsZero() {
		r.distrusted = now
	}
	if r.was && now.Sub(r.distrusted) < patience {
		s.notes = append(s.notes, t.distrust...)
		return
	}
	s.problems = append(s.problems, t.distrust...)
}

func (r *readiness) certificateProblem(now time.Time) string {
	pair, err := r.certificate(nil)
	if err != nil {
		return err.Error()
	}
	leaf, err := verify.Leaf(pair)
	switch {
	case err != nil:
		return err.Error()
	case now.After(leaf.NotAfter):
		return "the serving certificate expired at " + leaf.NotAfter.UTC().Format(time.RFC3339)
	case now.Before(leaf.NotBefore):
		return "the serving certificate begins at " + leaf.NotBefore.UTC().Format(time.RFC3339)
	}
	return ""
}

// ready serves /readyz.
func (r *readiness) ready(w http.ResponseWriter, _ *http.Request) {
	s := r.state(time.Now())
	r.tell(s)
	if len(s.problems) > 0 {
		http.Error(w, s.String(), http.StatusServiceUnavailable)
		return
	}
	_, _ = fmt.Fprintln(w, strings.Join(append([]string{"ok"}, s.notes...), "\n"))
}

// tell logs the state when it is another than before: probes come every few seconds.
func (r *readiness) tell(s state) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := s.String()
	if text == r.told {
		return
	}
	r.told = text
	if len(s.problems)+len(s.notes) > 0 {
		r.log.Warn(text)
		return
	}
	r.log.Info(text)
}

// newProbes serves /readyz, /healthz as long as alive says so, and /senders for doctor. The manager's own probes withhold why.
func newProbes(r *readiness, alive healthz.Checker, from *senders) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/senders", from)
	mux.HandleFunc("/readyz", r.ready)
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) {
		if err := alive(r); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintln(w, "ok")
	})
	return mux
}
