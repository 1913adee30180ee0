package reporter

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	openreports "github.com/openreports/reports-api/apis/openreports.io/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

// reportStore is an API server that keeps Reports as a real one does: one with finalizers stays when it is deleted, until
// an update takes them away.
type reportStore struct {
	mu       sync.Mutex
	version  int
	reports  map[string]*openreports.Report // by namespace and name
	writes   int
	watchers []*reportWatch
}

type reportWatch struct {
	namespace string
	events    chan map[string]any
}

func newReportStore() *reportStore { return &reportStore{reports: map[string]*openreports.Report{}} }

// forge puts a report that somebody else wrote.
func (s *reportStore) forge(name string, labels map[string]string, finalizers ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put("ADDED", &openreports.Report{ObjectMeta: metav1.ObjectMeta{
		Namespace: "polyaxon", Name: name, UID: types.UID("forged-" + name), Labels: labels, Finalizers: finalizers,
	}})
}

func (s *reportStore) put(event string, r *openreports.Report) {
	s.version++
	r.ResourceVersion = fmt.Sprint(s.version)
	r.TypeMeta = metav1.TypeMeta{APIVersion: "openreports.io/v1alpha1", Kind: "Report"}
	s.reports[r.Namespace+"/"+r.Name] = r
	s.tell(event, r)
}

func (s *reportStore) tell(event string, r *openreports.Report) {
	for _, w := range s.watchers {
		if w.namespace == r.Namespace && r.Labels["app.kubernetes.io/managed-by"] == "polymoat" {
			w.events <- map[string]any{"type": event, "object": r.DeepCopy()}
		}
	}
}

// written is how often something was written since the last time, and what there is: "polyaxon/name", with a star where it
// is being deleted.
func (s *reportStore) written() (writes int, names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, r := range s.reports {
		if r.DeletionTimestamp != nil {
			name += "*"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	writes, s.writes = s.writes, 0
	return writes, names
}

func (s *reportStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, path, _ := strings.Cut(r.URL.Path, "/namespaces/")
	parts := strings.Split(path, "/")
	namespace, query, body := parts[0], r.URL.Query(), &openreports.Report{}
	if r.Method != http.MethodGet {
		s.writes++
		_ = json.NewDecoder(r.Body).Decode(body)
	}
	w.Header().Set("Content-Type", "application/json")
	switch {
	case query.Get("sendInitialEvents") != "":
		failWith(w, http.StatusUnprocessableEntity, metav1.StatusReasonInvalid)
	case query.Get("watch") != "":
		s.serveWatch(w, r, namespace)
	case r.Method == http.MethodGet:
		s.serveList(w, namespace, query.Get("labelSelector"), strings.TrimPrefix(query.Get("fieldSelector"), "metadata.name="))
	case r.Method == http.MethodPost:
		s.serveCreate(w, namespace, body)
	default:
		s.serveChange(w, r.Method, namespace+"/"+parts[2], body)
	}
}

func (s *reportStore) serveList(w http.ResponseWriter, namespace, label, name string) {
	list := &openreports.ReportList{TypeMeta: metav1.TypeMeta{APIVersion: "openreports.io/v1alpha1", Kind: "ReportList"}}
	list.ResourceVersion = fmt.Sprint(s.version)
	for _, r := range s.reports {
		ours := r.Labels["app.kubernetes.io/managed-by"] == "polymoat"
		if r.Namespace == namespace && (label == "" || ours) && (name == "" || r.Name == name) {
			list.Items = append(list.Items, *r)
		}
	}
	_ = json.NewEncoder(w).Encode(list)
}

func (s *reportStore) serveWatch(w http.ResponseWriter, r *http.Request, namespace string) {
	watch := &reportWatch{namespace, make(chan map[string]any, 1000)}
	s.watchers = append(s.watchers, watch)
	w.(http.Flusher).Flush()
	s.mu.Unlock()
	defer s.mu.Lock()
	for {
		select {
		case <-r.Context().Done():
			return
		case event := <-watch.events:
			_ = json.NewEncoder(w).Encode(event)
			w.(http.Flusher).Flush()
		}
	}
}

func (s *reportStore) serveCreate(w http.ResponseWriter, namespace string, body *openreports.Report) {
	if s.reports[namespace+"/"+body.Name] != nil {
		failWith(w, http.StatusConflict, metav1.StatusReasonAlreadyExists)
		return
	}
	body.UID = types.UID(fmt.Sprint("uid-", s.version))
	s.put("ADDED", body)
	_ = json.NewEncoder(w).Encode(body)
}

func (s *reportStore) serveChange(w http.ResponseWriter, method, key string, body *openreports.Report) {
	old := s.reports[key]
	switch {
	case old == nil:
		failWith(w, http.StatusNotFound, metav1.StatusReasonNotFound)
		return
	case method == http.MethodPut && body.ResourceVersion != old.ResourceVersion:
		failWith(w, http.StatusConflict, metav1.StatusReasonConflict)
		return
	case method == http.MethodDelete:
		body = old.DeepCopy()
		body.DeletionTimestamp = ptr.To(metav1.NewTime(time.Now()))
	}
	if body.DeletionTimestamp == nil {
		body.DeletionTimestamp = old.DeletionTimestamp
	}
	if body.DeletionTimestamp != nil && len(body.Finalizers) == 0 {
		delete(s.reports, key)
		s.version++
		s.tell("DELETED", old)
	} else {
		s.put("MODIFIED", body)
	}
	_ = json.NewEncoder(w).Encode(body)
}

func failWith(w http.ResponseWriter, code int, reason metav1.StatusReason) {
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"message":"no","code":%d}`, reason, code)
}
