package webhook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cluster"
	"github.com/polymoat/polymoat/internal/policy"
)

// eventStore is an API server that takes events, and knows the Operation "told" in every namespace and no other object.
type eventStore struct {
	mu    sync.Mutex
	about []string // "second/Operation told"
}

func (s *eventStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/operations/told"):
		fmt.Fprint(w, `{"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadata","metadata":{"name":"told","uid":"uid-told"}}`)
	case r.Method == http.MethodGet:
		refuseWith(w, http.StatusNotFound, metav1.StatusReasonNotFound)
	default:
		s.take(w, r)
	}
}

func (s *eventStore) take(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	object, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
	event, ok := object.(*corev1.Event)
	if err != nil || !ok {
		http.Error(w, "no event", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.about = append(s.about, fmt.Sprintf("%s/%s %s", event.Namespace, event.InvolvedObject.Kind, event.InvolvedObject.Name))
	event.APIVersion, event.Kind = "v1", "Event"
	_ = json.NewEncoder(w).Encode(event)
}

func (s *eventStore) told() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.about, ", ")
}

// TestEventsByNamespace: pods with owners that somebody made up use up the events of their own namespace, and nothing is written
// about what is not there.
func TestEventsByNamespace(t *testing.T) {
	s := &eventStore{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	text := "apiVersion: v1\nkind: Config\nclusters: [{name: a, cluster: {server: '" + server.URL + "'}}]\ncontexts: [{name: a, context: {cluster: a}}]\ncurrent-context: a\n"
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	doc := v1alpha1.Default()
	doc.Spec.Namespaces = []string{"polyaxon", "second"}
	compiled, err := policy.New(doc)
	if err != nil {
		t.Fatal(err)
	}
	controllers, err := cluster.NewControllers(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	m, log := newMetrics(nil), slog.New(discardLog)
	e, err := newEvents(kubeconfig, compiled.Namespaces(), controllers, m, log)
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() { e.Run(t.Context()) })
	t.Cleanup(running.Wait) // its context is done by then
	mux := newMux(parts{decider: &decider{policy: compiled, log: log, today: utcToday}, metrics: m, ready: &readiness{}, events: e, gate: openGate(), log: log})
	for i := range 75 {
		post(t, mux, "/validate", refusedReview(t, "polyaxon", "example.com/v1", "Sweep", fmt.Sprint("sweep-", i)))
		post(t, mux, "/validate", refusedReview(t, "polyaxon", "core.polyaxon.com/v1", "Operation", fmt.Sprint("none-", i)))
	}
	post(t, mux, "/validate", refusedReview(t, "second", "core.polyaxon.com/v1", "Operation", "told"))
	eventually(t, "an event", func() bool { return strings.Contains(s.told(), "second/Operation told") })
	if got := s.told(); got != "second/Operation told" {
		t.Errorf("these are told: %s", got)
	}
	if got := counterValue(t, m.events.WithLabelValues(eventLimited)); got < 80 {
		t.Errorf("%v are limited", got)
	}
}

// refusedReview is of a pod that is refused, in a namespace, with a controller.
func refusedReview(t *testing.T, namespace, apiVersion, kind, name string) []byte {
	t.Helper()
	var review map[string]any
	if err := json.Unmarshal(bytes.ReplaceAll(benchmarkReview(t), []byte(`"namespace":"polyaxon"`), []byte(`"namespace":"`+namespace+`"`)), &review); err != nil {
		t.Fatal(err)
	}
	metadata := review["request"].(map[string]any)["object"].(map[string]any)["metadata"].(map[string]any)
	metadata["ownerReferences"] = []any{map[string]any{"apiVersion": apiVersion, "kind": kind, "name": name, "uid": "uid-" + name, "controller": true}}
	body, err := json.Marshal(review)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
