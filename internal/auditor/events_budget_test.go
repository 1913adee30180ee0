package auditor

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/polymoat/polymoat/internal/cluster"
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
	kubeconfig := kubeconfigOf(t, server.URL)
	controllers, err := cluster.NewControllers(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	client, err := cluster.Connect(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	e := NewEvents(client, []string{"polyaxon", "second"}, controllers, slog.New(slog.DiscardHandler))
	var running sync.WaitGroup
	running.Go(func() { _ = e.Start(t.Context()) })
	t.Cleanup(running.Wait) // its context is done by then
	for i := range 75 {
		e.Tell("polyaxon", owner("example.com/v1", "Sweep", fmt.Sprint("sweep-", i)), "no")
		e.Tell("polyaxon", owner("core.polyaxon.com/v1", "Operation", fmt.Sprint("none-", i)), "no")
	}
	e.Tell("second", owner("core.polyaxon.com/v1", "Operation", "told"), "no")
	eventually(t, "an event", func() bool { return strings.Contains(s.told(), "second/Operation told") })
	if got := s.told(); got != "second/Operation told" {
		t.Errorf("these are told: %s", got)
	}
	if got := e.counted(t, eventLimited); got < 80 {
		t.Errorf("%v are limited", got)
	}
}

func owner(apiVersion, kind, name string) metav1.OwnerReference {
	return metav1.OwnerReference{APIVersion: apiVersion, Kind: kind, Name: name, UID: types.UID("uid-" + name)}
}
