package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// installed is an API server with an installation of polymoat that runs those files of policies; none: without polymoat.
// It lets nobody see anything else.
func installed(t *testing.T, files map[string]string) (host, kubeconfig string) {
	t.Helper()
	data, err := json.Marshal(files)
	if err != nil {
		t.Fatal(err)
	}
	deployment := ""
	if files != nil {
		deployment = `{"metadata":{"name":"polymoat","namespace":"polymoat-system"},"spec":{"template":{"spec":{"volumes":[` +
			`{"name":"policy","configMap":{"name":"polymoat-policy-1"}}]}}}}`
	}
	answers := map[string]string{
		"/apis/apps/v1/deployments": `{"apiVersion":"apps/v1","kind":"DeploymentList","metadata":{"resourceVersion":"1"},"items":[` + deployment + `]}`,
		"/api/v1/namespaces/polymoat-system/configmaps/polymoat-policy-1": `{"apiVersion":"v1","kind":"ConfigMap","metadata":` +
			`{"name":"polymoat-policy-1","namespace":"polymoat-system"},"data":` + string(data) + `}`,
	}
	return answering(t, answers)
}

// answering is an API server that gives those answers, by path, and forbids everything else.
func answering(t *testing.T, answers map[string]string) (host, kubeconfig string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		text, ok := answers[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusForbidden)
			text = fmt.Sprintf(`{"apiVersion":"v1","kind":"Status","status":"Failure","code":403,"reason":"Forbidden","message":%q}`, r.URL.Path+" is forbidden")
		}
		_, _ = fmt.Fprint(w, text)
	}))
	t.Cleanup(server.Close)
	return server.URL, kubeconfigFor(t, server.URL)
}

// research is the built-in policy for other nodes and another namespace.
var research = strings.NewReplacer("namespaces: [polyaxon]", "namespaces: [research]", "name: polyaxon", "name: research",
	"value: builds", "value: images").Replace(v1alpha1.DefaultYAML)

const runInResearch = `apiVersion: v1
kind: Pod
metadata: {name: train, namespace: research}
spec: {containers: [{name: main, image: alpine}]}
`

func TestThePolicyInForceCounts(t *testing.T) {
	_, config := installed(t, map[string]string{"a.yaml": research, "README": "none"})
	bare, none := installed(t, nil)
	_, forbidden := answering(t, nil)
	run := filepath.Join(t.TempDir(), "run.yaml")
	if err := os.WriteFile(run, []byte(runInResearch), 0o600); err != nil {
		t.Fatal(err)
	}
	const told = "policy: \"research\", in force: ConfigMap \"polymoat-policy-1\" in namespace \"polymoat-system\"\n"
	builtIn := "policy: the built-in one; the cluster at " + bare + " has no polymoat\n"
	const why = "/apis/apps/v1/namespaces/polymoat-system/deployments is forbidden; ask for ClusterRole polymoat-view in the namespace of polymoat, " +
		"or name the policy in force with --policy FILE\n"
	for name, tc := range map[string]struct {
		config, args string
		code         int
		out, errOut  string // in it
	}{
		"explain":             {config, "explain -f " + run, 0, "Role:       other", told},
		"where":               {config, "where -f " + run, 0, `As placed in namespace "research"`, told},
		"diff":                {config, "diff -f " + run, 0, "", told},
		"roles":               {config, "roles builds -o json", 0, `"policy":"research"`, told},
		"overrides":           {config, "overrides", 0, "experiments, builds", told},
		"replay":              {config, "replay " + os.DevNull, 0, "", told},
		"siege":               {config, "siege --as jane", 0, "spec.nodeName at creation", told},
		"audit":               {config, "audit", 2, "", told},
		"map":                 {config, "map", 2, "", told},
		"preview":             {config, "preview --policy ../api/v1alpha1/default.yaml", 2, "", told},
		"audit without":       {none, "audit", 2, "", builtIn},
		"show":                {config, "policy show", 0, research, "policy: in force: ConfigMap \"polymoat-policy-1\" in namespace \"polymoat-system\"\n"},
		"a file comes first":  {config, "explain -f " + run + " --policy ../api/v1alpha1/default.yaml", 0, "is not governed", ""},
		"without polymoat":    {none, "roles", 0, "core", builtIn},
		"nothing to show":     {none, "policy show", 2, "", "error: no Deployment with the label \"app.kubernetes.io/name=polymoat\" tells the policy in force; kubectl polymoat policy default prints the built-in one\n"},
		"roles may not see":   {forbidden, "roles", 2, "", "error: " + why},
		"explain may not see": {forbidden, "explain -f " + run, 0, "is not governed", "policy: the built-in one; the one in force is not known: " + why},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("KUBECONFIG", tc.config)
			var out, errOut strings.Builder
			code := Main(strings.Fields(tc.args), strings.NewReader(""), &out, &errOut)
			if code != tc.code || !strings.Contains(out.String(), tc.out) || !strings.HasPrefix(errOut.String(), tc.errOut) {
				t.Errorf("exit code %d, want %d\n%s%swant in it\n%s%s", code, tc.code, out.String(), errOut.String(), tc.out, tc.errOut)
			}
		})
	}
}

// TestNamedClusterMustTell: who names a cluster for files gets its policy, or none.
func TestNamedClusterMustTell(t *testing.T) {
	_, config := answering(t, nil)
	var out, errOut strings.Builder
	code := Main([]string{"explain", "-f", "-", "--kubeconfig", config}, strings.NewReader(runInResearch), &out, &errOut)
	if code != 2 || out.String() != "" || !strings.HasPrefix(errOut.String(), "error: ") {
		t.Errorf("exit code %d\n%s%s", code, out.String(), errOut.String())
	}
}
