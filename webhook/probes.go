package webhook

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/polymoat/polymoat/internal/cluster"
	"github.com/polymoat/polymoat/internal/scrape"
)

// listenForOthers takes the ports of kubelets and of Prometheus. Neither sees anything of the other's, nor of the reviews.
func (s *setup) listenForOthers() error {
	metrics, config, err := s.metricsHandler()
	return errors.Join(err,
		s.listen("metrics", s.options.MetricsAddress, metrics, config),
		s.listen("probes", s.options.ProbeAddress, newProbes(s.ready, s.reviews.Alive, s.metrics.senders), nil))
}

// metricsHandler serves /metrics, and says over which TLS. The manager's own metrics server is not used: it tells no
// exemplars, and its filter of who may read brings k8s.io/apiserver and cel-go, which make the binary half as large again.
func (s *setup) metricsHandler() (http.Handler, *tls.Config, error) {
	mux := http.NewServeMux()
	if s.options.MetricsAddress == "" || s.options.MetricsOpen {
		mux.Handle("/metrics", s.metrics.handler())
		return mux, nil, nil
	}
	client, err := cluster.Connect(s.options.Kubeconfig)
	if err != nil {
		return nil, nil, err
	}
	mux.Handle("/metrics", scrape.Restricted(client, s.metrics.handler(), s.log))
	return mux, &tls.Config{GetCertificate: s.cert.GetCertificate, MinVersion: tls.VersionTLS12}, nil
}

// listen takes a port. config is nil for plain HTTP.
func (s *setup) listen(name, address string, handler http.Handler, config *tls.Config) error {
	if address == "" {
		return nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	if config != nil {
		l = tls.NewListener(l, config)
	}
	const patience = 10 * time.Second // for clients that are slow, or gone
	s.runnables = append(s.runnables, &manager.Server{
		Name: name, Listener: l, ShutdownTimeout: new(time.Second),
		Server: &http.Server{
			Handler: handler, ReadTimeout: patience, WriteTimeout: 3 * patience, IdleTimeout: 10 * patience, MaxHeaderBytes: 64 << 10,
		},
	})
	return nil
}

// mostSenders is how many addresses are kept: a cluster has a few API servers, or agents of konnectivity.
const mostSenders = 64

// senders are the addresses that reviews came from. Which of them are API servers is for an administrator to say.
type senders struct {
	mu      sync.Mutex
	reviews map[string]int // by address
}

// note counts a review. When there are too many addresses, a new one is left out.
func (s *senders) note(remote string) {
	address, _, err := net.SplitHostPort(remote)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.reviews[address]; known || len(s.reviews) < mostSenders {
		s.reviews[address]++
	}
}

// ServeHTTP says how many reviews came from each, as JSON: {"10.0.0.1":1204}.
func (s *senders) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	text, err := json.Marshal(s.reviews)
	s.mu.Unlock()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text)
}

// newProbes serves /readyz, /healthz as long as alive says so, and /senders for doctor. The manager's own probes withhold why.
func newProbes(ready http.Handler, alive healthz.Checker, from *senders) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/senders", from)
	mux.Handle("/readyz", ready)
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) {
		if err := alive(r); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintln(w, "ok")
	})
	return mux
}
