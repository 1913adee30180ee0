package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// besiege runs the command against an API server that gives every request that is tried the same answer.
func besiege(t *testing.T, code int, body string) (exit int, out, errOut string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.URL.Query().Get("dryRun") != "All" {
			t.Errorf("%s %s is no dry-run", r.Method, r.URL)
		}
		if got := r.Header.Get("Impersonate-User"); got != "jane" {
			t.Errorf("%s %s: asked as %q", r.Method, r.URL, got)
		}
		w.WriteHeader(code)
		_, _ = fmt.Fprint(w, body)
	}))
	defer server.Close()
	var stdout, stderr strings.Builder
	exit = Main([]string{"siege", "--kubeconfig", kubeconfigFor(t, server.URL), "--as", "jane",
		"--policy", filepath.Join("..", "api", "v1alpha1", "default.yaml")}, strings.NewReader(""), &stdout, &stderr)
	return exit, stdout.String(), stderr.String()
}

// kubeconfigFor is a kubeconfig for a server that asks nobody who they are.
func kubeconfigFor(t *testing.T, server string) string {
	t.Helper()
	config := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf("apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters: [{name: a, cluster: {server: %q}}]\n"+
		"contexts: [{name: a, context: {cluster: a}}]\n", server)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config
}

func TestSiege(t *testing.T) {
	for name, tc := range map[string]struct {
		code            int
		body, out, errs string
		exit            int
	}{
		"a user who may nothing": {
			code: 403, body: `{"kind":"Status","message":"pods is forbidden: User \"jane\" cannot create resource \"pods\""}`,
			errs: "error: jane may not create pods in polyaxon: nothing was tried\n", exit: 2,
		},
		"a user who may not be impersonated": {
			code: 403, body: `{"kind":"Status","message":"users \"jane\" is forbidden: User \"joe\" cannot impersonate resource \"users\""}`,
			errs: `error: you may not impersonate jane: users "jane" is forbidden: User "joe" cannot impersonate resource "users"` + "\n", exit: 2,
		},
		"a cluster without the namespace": {
			code: 404, body: `{"kind":"Status","message":"namespaces \"polyaxon\" not found"}`,
			errs: "error: there is no namespace polyaxon: nothing was tried\n", exit: 2,
		},
		"a cluster without polymoat": {
			code: 200, body: `{"spec":{"tolerations":[{"operator":"Exists"}]}}`,
			out:  " 1  spec.nodeName at creation                 open  the API server takes pods\n",
			errs: "0 held by polymoat, 1 by RBAC, 1 by the API server, 42 open, 42 not applicable\n", exit: 1,
		},
		"a cluster that does not answer": {code: 500, body: `{}`, errs: "error: POST /api/v1/namespaces/polyaxon/pods", exit: 2},
	} {
		t.Run(name, func(t *testing.T) {
			exit, out, errs := besiege(t, tc.code, tc.body)
			if exit != tc.exit || !strings.HasPrefix(out, tc.out) || !strings.HasPrefix(errs, tc.errs) {
				t.Errorf("exit code %d, want %d\n%s%s", exit, tc.exit, out, errs)
			}
		})
	}
}
