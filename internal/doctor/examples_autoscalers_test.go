package doctor

import (
	"testing"

	"sigs.k8s.io/yaml"

	groups "github.com/polymoat/polymoat/internal/drift"
)

var ofAutoscalers = map[string][]example{
	"autoscalers": {
		{"an open requirement", starts(`{apiVersion: karpenter.sh/v1, kind: NodePool, metadata: {name: general}, spec: {template: {spec: {requirements: [{key: polyaxon, operator: Exists}]}}}}`)},
		{"a label without its taint", starts(`{apiVersion: karpenter.sh/v1, kind: NodePool, metadata: {name: builds}, spec: {template: {metadata: {labels: {polyaxon: builds}}}}}`)},
		{"a MachineDeployment without the label", starts(`{apiVersion: cluster.x-k8s.io/v1beta2, kind: MachineDeployment, metadata: {name: md, namespace: capi,
			annotations: {capacity.cluster-autoscaler.kubernetes.io/taints: "polyaxon=core:NoSchedule"}}}`)},
	},
}

// starts adds what starts nodes.
func starts(text string) func(*testing.T, *Facts) {
	return func(t *testing.T, f *Facts) {
		t.Helper()
		var raw map[string]any
		if err := yaml.Unmarshal([]byte(text), &raw); err != nil {
			t.Fatal(err)
		}
		g, ok, err := groups.GroupOf(raw)
		if err != nil || !ok {
			t.Fatalf("%t, %v", ok, err)
		}
		f.Groups = append(f.Groups, g)
	}
}
