package webhook

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// undecodableOld are old objects that an API server may send and that decode as nothing: JSON knows no year beyond 9999,
// and protobuf, in which they came, does.
var undecodableOld = map[string]string{
	"a year beyond 9999":    `{"apiVersion":"v1","kind":"Pod","status":{"startTime":"10000-01-01T00:00:00Z"}}`,
	"no list of containers": `{"apiVersion":"v1","kind":"Pod","spec":{"containers":7}}`,
}

// TestUndecodableOldPod: the new pod is judged by itself, as if it were created.
func TestUndecodableOldPod(t *testing.T) {
	const core = `"labels":{"type":"polyaxon-core"}`
	for name, old := range undecodableOld {
		for what, tc := range map[string]struct{ pod, sub, want string }{
			"a pod in order": {pod: `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},` + inside + `}`},
			"its status":     {pod: `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},` + inside + `,"status":{"phase":"Running"}}`, sub: "status"},
			"a claim of core": {
				pod: `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a",` + core + `},` + inside + `}`,
				want: `pods "a" of role "core": metadata.labels[type] "polyaxon-core" claims role "core", ` +
					`which user "tenant" is not trusted with; remove it, ` + trusted + "create it [core-claim]",
			},
			"another that does not decode": {
				pod: old, want: "polymoat: request.object does not decode: ",
			},
		} {
			t.Run(name+", then "+what, func(t *testing.T) {
				request := fmt.Sprintf(`{"uid":"u-1","operation":"UPDATE","name":"a","subResource":%q,"userInfo":{"username":"tenant"},"object":%s,"oldObject":%s,"dryRun":true,%s}`,
					tc.sub, tc.pod, old, podsV1)
				got := refusal(post(t, testMux(t), "/validate", []byte(reviewOf(request))).Response)
				if what == "another that does not decode" {
					got = got[:min(len(got), len(tc.want))] // the rest is json's
				}
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("refusal (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestUndecodableOldPodIsNotPlaced: what comes by an update is no creation for mutate.
func TestUndecodableOldPodIsNotPlaced(t *testing.T) {
	for name, old := range undecodableOld {
		request := `{"uid":"u-1","operation":"UPDATE","subResource":"ephemeralcontainers","object":{"apiVersion":"v1","kind":"Pod",` + inside +
			`},"oldObject":` + old + `,` + podsV1 + `}`
		answer := post(t, testMux(t), "/mutate", []byte(reviewOf(request))).Response
		if !answer.Allowed || answer.Patch != nil {
			t.Errorf("%s: allowed %v, patch %s", name, answer.Allowed, answer.Patch)
		}
	}
}

// TestUndecodableOldWorkload: the same of pod templates.
func TestUndecodableOldWorkload(t *testing.T) {
	for name, old := range map[string]string{
		"a year beyond 9999":         deployment(`"metadata":{"creationTimestamp":"10000-01-01T00:00:00Z"},` + inside),
		"a number that is too large": `{"spec":1e999}`,
		"no object":                  `7`,
	} {
		for what, tc := range map[string]struct{ object, want string }{
			"a workload in order": {object: deployment(runLabels + "," + inside)},
			"a claim of core": {
				object: deployment(coreLabels + "," + inside),
				want: `deployments.apps "web" of role "core": spec.template.metadata.labels[type] "polyaxon-core" ` +
					`claims role "core", which user "tenant" is not trusted with; remove it, ` + trusted + "create it [core-claim]",
			},
		} {
			t.Run(name+", then "+what, func(t *testing.T) {
				request := `{"uid":"u-1","operation":"UPDATE","name":"web","namespace":"polyaxon","userInfo":{"username":"tenant"},` +
					`"resource":{"group":"apps","version":"v1","resource":"deployments"},"object":` + tc.object + `,"oldObject":` + old + `}`
				got := refusal(post(t, testMux(t), "/workloads", []byte(reviewOf(request))).Response)
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("refusal (-want +got):\n%s", diff)
				}
			})
		}
	}
}
