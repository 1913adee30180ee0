package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// TestWithoutRightsToWorkloads: who may list pods and nodes and no workloads reads what is not known.
func TestWithoutRightsToWorkloads(t *testing.T) {
	lists := map[string]string{
		"pods":  `{"apiVersion":"v1","kind":"PodList","metadata":{"resourceVersion":"1"},"items":[]}`,
		"nodes": `{"apiVersion":"v1","kind":"NodeList","metadata":{"resourceVersion":"1"},"items":[]}`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		list, ok := lists[r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]]
		if !ok {
			w.WriteHeader(http.StatusForbidden)
			list = fmt.Sprintf(`{"apiVersion":"v1","kind":"Status","status":"Failure","code":403,"reason":"Forbidden","message":%q}`, r.URL.Path+" is forbidden")
		}
		_, _ = fmt.Fprint(w, list)
	}))
	defer server.Close()
	config := kubeconfigFor(t, server.URL)
	policy := filepath.Join("..", "api", "v1alpha1", "default.yaml")
	const note = "note: which workloads are core is not known: /apis/apps/v1/namespaces/polyaxon/deployments is forbidden\n"
	for _, command := range []string{"audit", "map"} {
		var stdout, stderr strings.Builder
		Main([]string{command, "--kubeconfig", config, "--policy", policy}, strings.NewReader(""), &stdout, &stderr)
		if !strings.Contains(stderr.String(), note) {
			t.Errorf("%s tells\n%s\nwant in it\n%s", command, stderr.String(), note)
		}
	}
}
