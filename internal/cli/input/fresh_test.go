package input

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// What the cluster wrote into a pod after its creation is left out, what admission filled in stays.
func TestFresh(t *testing.T) {
	const live = `
apiVersion: v1
kind: Pod
metadata:
  name: train
  labels: {a: b}
  uid: 3b662047
  resourceVersion: "7"
  creationTimestamp: "2026-01-01T00:00:00Z"
  deletionTimestamp: "2026-01-01T00:00:00Z"
  managedFields: [{manager: kubectl, operation: Update, apiVersion: v1, fieldsType: FieldsV1, fieldsV1: {}}]
spec:
  nodeName: experiments-1
  priority: 0
  tolerations: [{key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 300}]
  containers: [{name: main, volumeMounts: [{name: kube-api-access-x, mountPath: /var/run/secrets/kubernetes.io/serviceaccount}]}]
  ephemeralContainers: [{name: debugger}]
status: {phase: Running}
`
	const want = `
apiVersion: v1
kind: Pod
metadata: {name: train, labels: {a: b}}
spec:
  priority: 0
  tolerations: [{key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 300}]
  containers: [{name: main, volumeMounts: [{name: kube-api-access-x, mountPath: /var/run/secrets/kubernetes.io/serviceaccount}]}]
`
	for name, tc := range map[string]struct{ field, want string }{
		"bound by a scheduler":   {"f:containers", want},
		"named its node itself":  {"f:nodeName", want + "  nodeName: experiments-1\n"},
		"a field that begins so": {"f:nodeNames", want},
	} {
		t.Run(name, func(t *testing.T) {
			given := jsonValue(t, live)
			given["metadata"].(map[string]any)["managedFields"].([]any)[0].(map[string]any)["fieldsV1"] =
				map[string]any{"f:spec": map[string]any{tc.field: map[string]any{}}}
			if diff := cmp.Diff(jsonValue(t, tc.want), fresh(given)); diff != "" {
				t.Errorf("pod (-want +got):\n%s", diff)
			}
			if given["status"] == nil || given["spec"].(map[string]any)["nodeName"] == nil {
				t.Error("the live pod was changed")
			}
		})
	}
}

func jsonValue(t *testing.T, text string) map[string]any {
	t.Helper()
	var value map[string]any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}
