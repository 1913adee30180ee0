package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
)

const infra = "node-role.kubernetes.io/infra"

// emptyPolicy has a protected pool whose label has no value.
func emptyPolicy(t *testing.T) *policy.Policy {
	doc, err := v1alpha1.Load("empty.yaml", []byte(`
apiVersion: polymoat.io/v1alpha1
kind: PlacementPolicy
metadata: {name: empty}
spec:
  namespaces: [polyaxon]
  nodeNameUsers: [ops]
  nodePools:
  - {name: core, nodeLabel: {key: node-role.kubernetes.io/infra, value: ""}, protected: true}
  - {name: runs, nodeLabel: {key: runs, value: ""}}
  roles:
  - {name: jobs, nodePools: [runs]}
`))
	if err != nil {
		t.Fatal(err)
	}
	return compile(t, doc)
}

// TestAnAbsentLabelIsNotAnEmptyOne: a pool's label may have no value, and a node without the label is none of the pool's.
func TestAnAbsentLabelIsNotAnEmptyOne(t *testing.T) {
	p := emptyPolicy(t)
	for name, tc := range map[string]struct {
		labels kv
		want   []string
	}{
		"the label":         {kv{infra: ""}, []string{"core-nodes"}},
		"no label":          {kv{"a": "b"}, nil},
		"the label's value": {kv{infra: "true"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			pod := other()
			pod.Spec.NodeName = "n1"
			node := &landing.Node{Name: "n1", Labels: tc.labels}
			r := policy.Request{Namespace: "polyaxon", User: policy.UserInfo{Name: "ops"}, Pod: pod, Node: node}
			if diff := cmp.Diff(tc.want, rulesOf(p.Validate(r))); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
			standing := p.Inspect(policy.Request{Namespace: "polyaxon", Pod: other()})
			if _, barred := standing.Barred(*node); barred != (tc.want != nil) {
				t.Errorf("barred: %v", barred)
			}
			if outside := p.Inspect(policy.Request{Namespace: "polyaxon", Pod: job()}).Outside(landing.Node{Labels: kv{"a": "b"}}); !outside {
				t.Error("a node without the label counts as one of the pool's")
			}
		})
	}
}

// TestPodsOfEmptyLabels: pods are placed by a label without a value, and told of it as of any other.
func TestPodsOfEmptyLabels(t *testing.T) {
	p := emptyPolicy(t)
	pod := job()
	if got := placed(p.Review(policy.Request{Namespace: "polyaxon", Pod: pod}), pod); got != "runs=; " {
		t.Errorf("placed: %s", got)
	}
	open := other()
	selects(infra, "")(open)
	d := p.Validate(policy.Request{Namespace: "polyaxon", Pod: open})
	want := `pods "debug" of role "other": spec.nodeSelector[` + infra + `] asks for protected nodes; ` +
		`remove it [core-nodes]: it could run on a node of pool "core" (labels ` + infra + `=)`
	if diff := cmp.Diff(want, d.Sentence("debug")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	asks := job()
	selects(infra, "true")(asks)
	if got := placed(p.Review(policy.Request{Namespace: "polyaxon", Pod: asks}), asks); got != infra+"=true,runs=; " {
		t.Errorf("a pod for other nodes: %s", got)
	}
}
