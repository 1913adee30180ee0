package siege

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// seen is what the user sees, by path: a core pod with all that selects it, three runs, and what selects more than core.
var seen = map[string]string{
	"/api/v1/nodes": `{"metadata":{"name":"core-7"}}`,
	"/api/v1/namespaces/polyaxon/pods": `
		{"metadata":{"name":"api-1","labels":{"app.kubernetes.io/part-of":"polyaxon-core","app":"api","all":"yes"}},"spec":{"nodeName":"core-7","serviceAccountName":"default"}},
		{"metadata":{"name":"run-1","labels":{"app.kubernetes.io/part-of":"polyaxon-runs","app.kubernetes.io/component":"polyaxon-jobs","all":"yes"}},"spec":{"nodeName":"experiments-1"}},
		{"metadata":{"name":"run-2","labels":{"app.kubernetes.io/part-of":"polyaxon-runs","app.kubernetes.io/component":"polyaxon-jobs"}},"spec":{}},
		{"metadata":{"name":"done-1","labels":{"app.kubernetes.io/part-of":"polyaxon-core"}},"spec":{},"status":{"phase":"Succeeded"}}`,
	"/api/v1/namespaces/polyaxon/services": `
		{"metadata":{"name":"all"},"spec":{"selector":{"all":"yes"}}},
		{"metadata":{"name":"external"},"spec":{}},
		{"metadata":{"name":"api"},"spec":{"selector":{"app":"api"}}}`,
	"/apis/apps/v1/namespaces/polyaxon/deployments":  `{"metadata":{"name":"api"},"spec":{"selector":{"matchLabels":{"app":"api"}}}}`,
	"/apis/apps/v1/namespaces/polyaxon/replicasets":  `{"metadata":{"name":"old"},"spec":{"selector":{"matchLabels":{"app":"old"}}}}`,
	"/apis/apps/v1/namespaces/polyaxon/statefulsets": ``,
	"/api/v1/namespaces/polyaxon/serviceaccounts":    `{"metadata":{"name":"default"}},{"metadata":{"name":"polyaxon-polyaxon-serviceaccount"}}`,
}

// besiegedServer answers lists with what is seen, and everything else by the code and the message.
func besiegedServer(t *testing.T, code int, message string) Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = fmt.Fprintf(w, `{"items":[%s]}`, seen[r.URL.Path])
			return
		}
		w.WriteHeader(code)
		_, _ = fmt.Fprintf(w, `{"message":%q}`, message)
	}))
	t.Cleanup(server.Close)
	return Server{Client: server.Client(), Host: server.URL}
}

func TestWhatIsSeen(t *testing.T) {
	s, err := newSiege(t.Context(), Options{Server: besiegedServer(t, 201, ""), Policy: v1alpha1.Default(), User: "jane"})
	if err != nil {
		t.Fatal(err)
	}
	want := target{
		namespace: "polyaxon", node: "core-7", release: "polyaxon", key: "polyaxon", value: "core", tolerations: besieged.tolerations,
		run: "run-1", waiting: "run-2", core: "api-1", freed: "experiments-1",
		account: "polyaxon-polyaxon-serviceaccount", path: "/tmp/artifactsStore",
		service: map[string]string{"app": "api"}, deployment: map[string]string{"app": "api"},
	}
	if diff := cmp.Diff(want, s.target, cmp.AllowUnexported(target{})); diff != "" {
		t.Errorf("target (-want +got):\n%s", diff)
	}
	if got, want := fmt.Sprint(s.core.services, s.core.adopting, " ", len(s.core.pods), " ", s.core.node), "[Service api] map[ReplicaSet:[Deployment api]] 1 core-7"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A user who can do nothing shows nothing.
func TestNothingIsTried(t *testing.T) {
	for name, tc := range map[string]struct {
		code          int
		message, want string
	}{
		"a user without rights":      {403, `pods is forbidden: User "jane" cannot create resource "pods"`, "jane may not create pods in polyaxon: nothing was tried"},
		"a namespace that is not":    {404, `namespaces "polyaxon" not found`, "there is no namespace polyaxon: nothing was tried"},
		"no right to be that user":   {403, `users "jane" is forbidden: User "joe" cannot impersonate resource "users"`, `you may not impersonate jane: users "jane" is forbidden: User "joe" cannot impersonate resource "users"`},
		"a refusal of polymoat's is": {403, `admission webhook "validate.polymoat.io" denied the request: pods "a"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			results := 0
			o := Options{Server: besiegedServer(t, tc.code, tc.message), Policy: v1alpha1.Default(), User: "jane"}
			err := Run(t.Context(), o, func(Result) { results++ })
			if got := fmt.Sprint(err); tc.want != "" && (got != tc.want || results != 0) || tc.want == "" && results != 86 {
				t.Errorf("%d results, and %q, want %q", results, got, tc.want)
			}
		})
	}
}

// What an attack needs and is not there is named.
func TestMissing(t *testing.T) {
	for placeholder, want := range map[string]string{
		"pods/$run/status": "there is no run to try it on", "pods/$waiting": "there is no run without a node to try it on",
		"pods/$core/status": "there is no core pod to try it on", "pods": "",
	} {
		if got := (target{}).missing(Request{Patch: placeholder}); got != want {
			t.Errorf("%s: got %q, want %q", placeholder, got, want)
		}
	}
	for placeholder, want := range map[string]string{
		"$account": "no service account is trusted", "$path": "jobs may mount no host path", "$service": "no Service of core is seen",
		"$deployment": "no Deployment of core is seen", "$replicaset": "no ReplicaSet of core is seen", "$statefulset": "no StatefulSet of core is seen",
	} {
		if got := (target{}).missing(Request{Create: "pods", Body: []byte(`{"` + placeholder + `":""}`)}); got != want {
			t.Errorf("%s: got %q, want %q", placeholder, got, want)
		}
		text, err := besieged.fill(`{"` + placeholder + `":"","z":"z"}`)
		if err != nil || strings.Contains(text, placeholder+`":""`) && placeholder != "$account" && placeholder != "$path" {
			t.Errorf("%s is filled as %s (%v)", placeholder, text, err)
		}
	}
}
