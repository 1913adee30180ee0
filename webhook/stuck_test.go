package webhook

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/polymoat/polymoat/internal/cluster"
	"github.com/polymoat/polymoat/internal/override"
)

// stuckAPI takes every request and never answers: the API server of a machine that swaps, or whose etcd is gone.
func stuckAPI(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // before that, nobody sees that the client is gone
	<-r.Context().Done()
}

// TestStuckAPIServer: a review that needs the API server is answered with a sentence before whoever asks has given up, and
// all others are answered meanwhile.
func TestStuckAPIServer(t *testing.T) {
	const (
		job = `{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"plx-operation-4f1c-","labels":{"app.kubernetes.io/part-of":"polyaxon-runs",` +
			`"app.kubernetes.io/component":"polyaxon-jobs","app.kubernetes.io/instance":"4f1c"}},"spec":{"containers":[]}}`
		core  = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"api","labels":{"app.kubernetes.io/part-of":"polyaxon-core"}},"spec":{"containers":[]}}`
		undue = `; this is not a decision of the policy, and polymoat's log says more`
	)
	mux := stuckServer(t)
	for name, tc := range map[string]struct{ object, want string }{
		"an owner": {job, `polymoat: could not read the Polyaxon resource of pod "plx-operation-4f1c-", which may carry overrides for it` + undue},
		"access":   {core, `polymoat: could not ask whether user "jane" may "use" roles.polymoat.io "core"` + undue},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			patience, giveUp := context.WithTimeout(t.Context(), 5*time.Second)
			defer giveUp()
			answered := make(chan struct{})
			go func() {
				defer close(answered)
				body := reviewOf(`{"uid":"u-1","operation":"CREATE","userInfo":{"username":"jane"},` + podsV1 + `,"object":` + tc.object + `}`)
				got := post(t, mux, "/validate?timeout=5s", []byte(body)).Response
				if got.Result.Code != 500 || got.Result.Message != tc.want {
					t.Errorf("answered %+v, want %s", got.Result, tc.want)
				}
			}()
			for range 20 {
				if got := post(t, mux, "/mutate", elsewhere(benchmarkReview(t))).Response; !got.Allowed {
					t.Errorf("another review is answered %+v", got.Result)
				}
			}
			select {
			case <-answered:
			case <-patience.Done():
				t.Error("not answered in 5s")
				<-answered
			}
		})
	}
}

// stuckServer serves the corpus's policy "overrides", beside an API server that is stuck.
func stuckServer(t *testing.T) http.Handler {
	t.Helper()
	policies, err := LoadPolicies("../internal/corpus/testdata/policies/overrides.yaml")
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig := kubeconfigOf(t, http.HandlerFunc(stuckAPI))
	owners, err := cluster.NewOwners(kubeconfig, override.IsKey)
	if err != nil {
		t.Fatal(err)
	}
	access, err := cluster.NewAccess(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	d := &decider{policy: policies.compiled, owners: owners, mayUseCore: access.MayUseCore, log: log, today: utcToday}
	return newMux(parts{decider: d, metrics: newMetrics(policies.documents), log: log})
}

// TestStuckAtStart: a server that hears nothing of the API server says so, answers what needs nothing of it, and ends when
// it is told to.
func TestStuckAtStart(t *testing.T) {
	leavesNothing(t)
	r := launch(t, Options{
		Cluster: true, Kubeconfig: kubeconfigOf(t, http.HandlerFunc(stuckAPI)), WebhookConfiguration: "polymoat",
		AuditLease: types.NamespacedName{Namespace: "polymoat-system", Name: "polymoat-audit"},
	})
	const want = `not ready: the nodes of the cluster are not listed yet; the workloads of the governed namespaces are not listed yet; the PriorityClasses of the cluster are not listed yet; ` +
		"MutatingWebhookConfiguration \"polymoat\" is not read yet; ValidatingWebhookConfiguration \"polymoat\" is not read yet\n"
	var code int
	var text string
	eventually(t, "an answer", func() bool { code, text = r.get(t, "/readyz"); return code != 0 })
	if code != http.StatusServiceUnavailable || text != want {
		t.Errorf("/readyz answers %d %s, want %s", code, text, want)
	}
	response, err := r.client().Post("https://"+r.address+"/mutate", "application/json", bytes.NewReader(benchmarkReview(t)))
	if err != nil {
		t.Fatal(err)
	}
	if _ = response.Body.Close(); response.StatusCode != http.StatusOK {
		t.Errorf("a review is answered %s", response.Status)
	}
	r.stop()
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
}
