package webhook

import (
	"log/slog"
	"net/http"
	"testing"

	"github.com/polymoat/polymoat/internal/cluster"
)

// TestOwnerOfCoreThatIsNotTold: a new pod of core whose StatefulSet was not seen yet waits where the API server does not
// tell of it; nothing is asked for a pod that is there.
func TestOwnerOfCoreThatIsNotTold(t *testing.T) {
	const (
		user   = `"userInfo":{"username":"system:serviceaccount:kube-system:statefulset-controller"},`
		object = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"db-0","labels":{"app.kubernetes.io/part-of":"polyaxon-core"},` +
			`"ownerReferences":[{"apiVersion":"apps/v1","kind":"StatefulSet","name":"db","uid":"1","controller":true}]},"spec":{"containers":[]}}`
	)
	for name, tc := range map[string]struct {
		operation   string
		code, asked int
		want        string
	}{
		"a new pod": {`"operation":"CREATE"`, 500, 1, `polymoat: could not read the owner of pod "db-0", which says whether it is part of Polyaxon; ` +
			`this is not a decision of the policy, and polymoat's log says more`},
		"a pod that is there": {`"operation":"UPDATE","oldObject":` + object, 200, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			policies, err := LoadPolicies("../internal/api/v1alpha1/default.yaml")
			if err != nil {
				t.Fatal(err)
			}
			api := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked++; w.WriteHeader(http.StatusInternalServerError) })
			workloads, err := cluster.NewWorkloads(kubeconfigOf(t, api), policies.compiled)
			if err != nil {
				t.Fatal(err)
			}
			log := slog.New(slog.DiscardHandler)
			d := &decider{policy: policies.compiled, coreWorkloads: workloads, log: log, today: utcToday}
			mux := newMux(parts{decider: d, metrics: newMetrics(policies.documents), log: log})
			got := post(t, mux, "/validate", []byte(reviewOf(`{"uid":"u-1",`+user+podsV1+`,"object":`+object+`,`+tc.operation+`}`))).Response
			if int(got.Result.Code) != tc.code || got.Result.Message != tc.want || asked != tc.asked {
				t.Errorf("asked %d times, answered %+v", asked, got.Result)
			}
		})
	}
}
