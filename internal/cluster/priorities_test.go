package cluster

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

// TestPriorities: the classes are known, and the lowest priority of core's pods, which other pods do not lower.
func TestPriorities(t *testing.T) {
	pod := func(name, partOf string, priority int) string {
		return fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"polyaxon","name":%q,"resourceVersion":"1",
			"labels":{"app.kubernetes.io/part-of":%q}},"spec":{"priority":%d,"containers":[]}}`, name, partOf, priority)
	}
	gone := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		pods := strings.HasSuffix(r.URL.Path, "/pods")
		switch {
		case r.URL.Query().Get("sendInitialEvents") != "":
			rw.WriteHeader(http.StatusUnprocessableEntity)
			fmt.Fprint(rw, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":422,"reason":"Invalid","message":"no"}`)
		case r.URL.Query().Get("watch") != "" && pods:
			select {
			case <-gone:
				fmt.Fprintf(rw, `{"type":"DELETED","object":%s}`, pod("old", "polyaxon-core", 7))
				rw.(http.Flusher).Flush()
			case <-r.Context().Done():
			}
			<-r.Context().Done()
		case r.URL.Query().Get("watch") != "":
			<-r.Context().Done()
		case pods:
			fmt.Fprintf(rw, `{"apiVersion":"v1","kind":"PodList","metadata":{"resourceVersion":"1"},"items":[%s,%s,%s]}`,
				pod("old", "polyaxon-core", 7), pod("new", "polyaxon-core", 1000000), pod("train", "polyaxon-runs", 0))
		default:
			fmt.Fprint(rw, `{"apiVersion":"scheduling.k8s.io/v1","kind":"PriorityClassList","metadata":{"resourceVersion":"1"},"items":[
				{"metadata":{"name":"batch"},"value":1000,"globalDefault":true},{"metadata":{"name":"patient"},"value":9,"preemptionPolicy":"Never"}]}`)
		}
	}))
	t.Cleanup(server.Close)
	governing, err := policy.New(v1alpha1.Default())
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewPriorities(kubeconfigFor(t, server.URL), governing)
	if err != nil {
		t.Fatal(err)
	}
	if known := p.Known(); known != nil {
		t.Errorf("before anything is listed %v is known", known)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	done := make(chan struct{})
	go func() { defer close(done); p.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	lowest := func(want int32) {
		t.Helper()
		if err := wait.PollUntilContextCancel(ctx, 10*time.Millisecond, true, func(context.Context) (bool, error) {
			known := p.Known()
			return known != nil && known.Lowest != nil && *known.Lowest == want, nil
		}); err != nil {
			t.Fatalf("the lowest priority is not %d: %v", want, p.Known())
		}
	}
	lowest(7)
	want := map[string]policy.PriorityClass{"batch": {Value: 1000, Default: true}, "patient": {Value: 9, Never: true}}
	if diff := cmp.Diff(want, p.Known().Classes); diff != "" {
		t.Errorf("classes (-want +got):\n%s", diff)
	}
	close(gone)
	lowest(1_000_000)
}

// TestPrioritiesOfUnreadPods: where pods may not be listed, the classes are known all the same, for core pods to get theirs.
func TestPrioritiesOfUnreadPods(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		switch {
		case strings.HasSuffix(r.URL.Path, "/pods") || r.URL.Query().Get("sendInitialEvents") != "":
			rw.WriteHeader(http.StatusForbidden)
			fmt.Fprint(rw, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":403,"reason":"Forbidden","message":"no"}`)
		case r.URL.Query().Get("watch") != "":
			<-r.Context().Done()
		default:
			fmt.Fprint(rw, `{"apiVersion":"scheduling.k8s.io/v1","kind":"PriorityClassList","metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"batch"},"value":1000}]}`)
		}
	}))
	t.Cleanup(server.Close)
	governing, err := policy.New(v1alpha1.Default())
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewPriorities(kubeconfigFor(t, server.URL), governing)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	done := make(chan struct{})
	go func() { defer close(done); p.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	if err := wait.PollUntilContextCancel(ctx, 10*time.Millisecond, true, func(context.Context) (bool, error) { return p.Known() != nil, nil }); err != nil {
		t.Fatal(err)
	}
	want := &policy.Priorities{Classes: map[string]policy.PriorityClass{"batch": {Value: 1000}}, Unlisted: true}
	if diff := cmp.Diff(want, p.Known()); diff != "" {
		t.Errorf("known (-want +got):\n%s", diff)
	}
}
