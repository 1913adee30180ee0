package cluster

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestFindWhereNobodyKnows: what an API server says that does not show the owner. That it does, and what comes of it, is
// e2e's to show.
func TestFindWhereNobodyKnows(t *testing.T) {
	const status = `{"kind":"Status","apiVersion":"v1","status":"Failure","code":%d,"reason":%q,"message":"no"}`
	both := []string{
		"GET /apis/core.polyaxon.com/v1/namespaces/polyaxon/operations/plx-operation-4f1c",
		"GET /apis/polyaxon.com/v1/namespaces/polyaxon/jobs/plx-operation-4f1c",
	}
	for name, tc := range map[string]struct {
		code      int
		body      string
		wantErr   string
		wantAsked []string
	}{
		"no such object":   {code: 404, body: fmt.Sprintf(status, 404, "NotFound"), wantAsked: both},
		"no such resource": {code: 404, body: "404 page not found", wantAsked: both},
		"not ours to see":  {code: 403, body: fmt.Sprintf(status, 403, "Forbidden"), wantAsked: both},
		"an error": {
			code: 500, body: fmt.Sprintf(status, 500, "InternalError"), wantAsked: both[:1],
			wantErr: "read operations.core.polyaxon.com/plx-operation-4f1c: no",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			owners := ownersOf(t, func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, r.Method+" "+r.URL.Path)
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(tc.code)
				_, _ = w.Write([]byte(tc.body))
			})
			owner, err := owners.Find(t.Context(), "polyaxon", jobPod())
			if owner != nil || errorText(err) != tc.wantErr {
				t.Errorf("got %v, %v", owner, err)
			}
			if diff := cmp.Diff(tc.wantAsked, asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFindTakesNoLongerThanTheReview: an API server that says nothing is an error.
func TestFindTakesNoLongerThanTheReview(t *testing.T) {
	review, end := context.WithCancel(t.Context())
	owners := ownersOf(t, func(_ http.ResponseWriter, r *http.Request) { end(); <-r.Context().Done() })
	if owner, err := owners.Find(review, "polyaxon", jobPod()); owner != nil || err == nil {
		t.Errorf("got %v, %v", owner, err)
	}
}

// TestStripOwner: what is kept is what is asked about, and what the informer looks at.
func TestStripOwner(t *testing.T) {
	full := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
		Namespace: "polyaxon", Name: "a", ResourceVersion: "7", UID: "u",
		Labels: map[string]string{"team": "vision"}, Annotations: map[string]string{"polymoat.io/role": "builds", "big": "text"},
		ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "agent"}},
	}}
	want := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
		Namespace: "polyaxon", Name: "a", ResourceVersion: "7", Annotations: map[string]string{"polymoat.io/role": "builds"},
	}}
	if diff := cmp.Diff(want, stripOwner(full, isOurs)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func isOurs(key string) bool { return strings.HasPrefix(key, "polymoat.io/") }

func jobPod() *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{
		"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-jobs", "app.kubernetes.io/instance": "4f1c",
	}}}
}

// ownersOf asks an API server that answers as it is told.
func ownersOf(t *testing.T, answer http.HandlerFunc) *Owners {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	owners, err := NewOwners(kubeconfigFor(t, server.URL), isOurs)
	if err != nil {
		t.Fatal(err)
	}
	return owners
}

func kubeconfigFor(t *testing.T, server string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	text := "apiVersion: v1\nkind: Config\nclusters: [{name: a, cluster: {server: '" + server + "'}}]\ncontexts: [{name: a, context: {cluster: a}}]\ncurrent-context: a\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
