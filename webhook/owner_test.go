package webhook

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/polymoat/polymoat/internal/cluster"
	"github.com/polymoat/polymoat/internal/override"
)

// TestOwnerThatNobodyTellsOf: validate fails where an owner may have said something, and mutate goes on without it. Whom
// it cannot matter to, it does not hold up.
func TestOwnerThatNobodyTellsOf(t *testing.T) {
	const (
		job = `"app.kubernetes.io/part-of":"polyaxon-runs","app.kubernetes.io/component":"polyaxon-jobs","app.kubernetes.io/instance":"4f1c"`
		run = `"app.kubernetes.io/part-of":"polyaxon-runs","app.kubernetes.io/component":"polyaxon-services"`
		pod = `{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"plx-operation-4f1c-","labels":{%s}},"spec":{"containers":[]}}`
	)
	for name, tc := range map[string]struct {
		path, labels, operation string
		code, asked             int
		message                 string
	}{
		"validate a job": {
			path: "/validate", labels: job, code: 500, asked: 1,
			message: `polymoat: could not read the Polyaxon resource of pod "plx-operation-4f1c-", which may carry overrides for it; ` +
				`this is not a decision of the policy, and polymoat's log says more`,
		},
		"mutate a job":                  {path: "/mutate", labels: job, code: 200, asked: 1},
		"validate a job's update":       {path: "/validate", labels: job, operation: "UPDATE", code: 200},
		"a run that tells of no owner":  {path: "/mutate", labels: run, code: 200},
		"a part of core that has a run": {path: "/mutate", labels: `"app.kubernetes.io/part-of":"polyaxon-core","app.kubernetes.io/instance":"4f1c"`, code: 200},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			mux := ownerServer(t, func(w http.ResponseWriter, _ *http.Request) { asked++; w.WriteHeader(http.StatusInternalServerError) })
			object := fmt.Sprintf(pod, tc.labels)
			more := `"operation":"CREATE"`
			if tc.operation != "" {
				more = fmt.Sprintf(`"operation":%q,"oldObject":%s`, tc.operation, object)
			}
			got := post(t, mux, tc.path, []byte(reviewOf(`{"uid":"u-1",`+podsV1+`,"object":`+object+`,`+more+`}`))).Response
			if int(got.Result.Code) != tc.code || got.Result.Message != tc.message || asked != tc.asked {
				t.Errorf("asked %d times, answered %+v", asked, got.Result)
			}
			if placed := len(got.Patch) > 0; placed != (tc.path == "/mutate") {
				t.Errorf("placed: %v", placed)
			}
		})
	}
}

// ownerServer serves the corpus's policy "overrides", with an API server to ask for owners.
func ownerServer(t *testing.T, api http.HandlerFunc) http.Handler {
	t.Helper()
	policies, err := LoadPolicies("../internal/corpus/testdata/policies/overrides.yaml")
	if err != nil {
		t.Fatal(err)
	}
	owners, err := cluster.NewOwners(kubeconfigOf(t, api), override.IsKey)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	return newMux(parts{decider: &decider{policy: policies.compiled, owners: owners, log: log, today: utcToday}, metrics: newMetrics(policies.documents), log: log})
}

// kubeconfigOf is a kubeconfig for an API server that runs until the test ends.
func kubeconfigOf(t *testing.T, api http.Handler) string {
	t.Helper()
	server := httptest.NewServer(api)
	t.Cleanup(func() {
		server.CloseClientConnections() // or whoever is never answered keeps it open
		server.Close()
	})
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	text := "apiVersion: v1\nkind: Config\nclusters: [{name: a, cluster: {server: '" + server.URL + "'}}]\ncontexts: [{name: a, context: {cluster: a}}]\ncurrent-context: a\n"
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return kubeconfig
}
