// Package readiness says whether the API server should send reviews to this replica: it knows the cluster, and its serving
// certificate is one that the webhook configurations accept.
package readiness

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/polymoat/polymoat/certs/verify"
	"github.com/polymoat/polymoat/internal/cluster"
)

// Probe serves /readyz. The policy is loaded before there is a server to ask.
type Probe struct {
	Certificate     func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	NodesSynced     func() bool // nil without a cluster, like WorkloadsSynced and Configurations
	WorkloadsSynced func() bool
	Configurations  func() []cluster.Configuration // those through which the API server asks
	Log             *slog.Logger

	stopping atomic.Bool

	mu         sync.Mutex
	was        bool      // ready, at least once
	distrusted time.Time // since when a configuration does not accept the certificate; zero if all do
	told       string    // what the log was told last
}

// Stop makes the replica unready for good.
func (p *Probe) Stop() { p.stopping.Store(true) }

// Stopping says whether it was told to stop.
func (p *Probe) Stopping() bool { return p.stopping.Load() }

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
func (p *Probe) state(now time.Time) state {
	p.mu.Lock()
	defer p.mu.Unlock()
	var s state
	if p.stopping.Load() {
		s.problems = append(s.problems, "shutting down")
	}
	if p.NodesSynced != nil && !p.NodesSynced() {
		s.problems = append(s.problems, "the nodes of the cluster are not listed yet")
	}
	if p.WorkloadsSynced != nil && !p.WorkloadsSynced() {
		s.problems = append(s.problems, "the workloads of the governed namespaces are not listed yet")
	}
	if problem := p.certificateProblem(now); problem != "" {
		s.problems = append(s.problems, problem)
	} else if p.Configurations != nil {
		p.addTrust(&s, now)
	}
	p.was = p.was || len(s.problems) == 0
	return s
}

// addTrust adds what the webhook configurations say.
func (p *Probe) addTrust(s *state, now time.Time) {
	pair, _ := p.Certificate(nil) // certificateProblem has looked at the error
	t := judge(p.Configurations(), pair, now)
	s.notes = append(s.notes, t.notes...)
	s.problems = append(s.problems, t.unlisted...)
	if len(t.distrust) == 0 {
		p.distrusted = time.Time{}
		return
	}
	if p.distrusted.IsZero() {
		p.distrusted = now
	}
	if p.was && now.Sub(p.distrusted) < patience {
		s.notes = append(s.notes, t.distrust...)
		return
	}
	s.problems = append(s.problems, t.distrust...)
}

func (p *Probe) certificateProblem(now time.Time) string {
	pair, err := p.Certificate(nil)
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

// ServeHTTP answers "ok", or 503 with the reasons.
func (p *Probe) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	s := p.state(time.Now())
	p.tell(s)
	if len(s.problems) > 0 {
		http.Error(w, s.String(), http.StatusServiceUnavailable)
		return
	}
	_, _ = fmt.Fprintln(w, strings.Join(append([]string{"ok"}, s.notes...), "\n"))
}

// tell logs the state when it is another than before: probes come every few seconds.
func (p *Probe) tell(s state) {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := s.String()
	if text == p.told {
		return
	}
	p.told = text
	if len(s.problems)+len(s.notes) > 0 {
		p.Log.Warn(text)
		return
	}
	p.Log.Info(text)
}
