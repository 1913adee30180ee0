package landing

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestBecause(t *testing.T) {
	twice := Pool{Key: "polyaxon", Value: "core", Taints: []corev1.Taint{
		taint, {Key: "soft", Effect: "PreferNoSchedule"}, {Key: "quiet", Effect: "NoExecute"},
	}}
	everything := []corev1.Toleration{{Key: "x", Operator: "Exists"}, {Operator: "Exists"}}
	tests := map[string]struct {
		constraints Constraints
		pool        Pool
		want        string
	}{
		"a toleration and nothing else":     {Constraints{Tolerations: everything}, core, `tolerates "polyaxon=core:NoSchedule" with spec.tolerations[1] and nothing keeps it off nodes labelled polyaxon=core`},
		"two taints":                        {Constraints{Tolerations: everything}, twice, `tolerates "polyaxon=core:NoSchedule" with spec.tolerations[1], "quiet:NoExecute" with spec.tolerations[1] and nothing keeps it off nodes labelled polyaxon=core`},
		"no taints":                         {Constraints{}, bare, `meets no taint that repels pods and nothing keeps it off nodes labelled polyaxon=core`},
		"a selector for the pool":           {selector(Constraints{Tolerations: everything}, "polyaxon", "core"), core, `tolerates "polyaxon=core:NoSchedule" with spec.tolerations[1] and spec.nodeSelector asks for nodes labelled polyaxon=core`},
		"a node by name":                    {on(Constraints{Tolerations: everything}, "n1"), core, `tolerates "polyaxon=core:NoSchedule" with spec.tolerations[1] and spec.nodeName "n1" may be a node labelled polyaxon=core`},
		"an unsealed term":                  {terms(labelled(notIn("polyaxon", "core")), labelled(exists("gpu"))), bare, `meets no taint that repels pods and nodeSelectorTerms[1] of spec.affinity.nodeAffinity allows nodes labelled polyaxon=core`},
		"no toleration":                     {Constraints{}, core, `no toleration for "polyaxon=core:NoSchedule"`},
		"no toleration for two":             {Constraints{}, twice, `no toleration for "polyaxon=core:NoSchedule" and "quiet:NoExecute"`},
		"a selector for another pool":       {selector(Constraints{}, "polyaxon", "experiments", "a b", "c"), bare, `spec.nodeSelector[polyaxon] is "experiments", nodes of the pool have "core"`},
		"a selector that no node can meet":  {selector(Constraints{}, "z z", "c", "a b", "c"), bare, `spec.nodeSelector[a b] is "c", a label that no node can have`},
		"a name that no node can have":      {on(Constraints{}, "N_1"), bare, `spec.nodeName "N_1" can be the name of no node`},
		"an affinity without terms":         {terms(), bare, `spec.affinity.nodeAffinity has no term, which matches no node`},
		"the seal":                          {terms(labelled(notIn("polyaxon", "core"))), bare, `no term of spec.affinity.nodeAffinity can match a node labelled polyaxon=core`},
		"a term against the pod's nodeName": {on(terms(named(name("In", "n1"))), "n2"), bare, `no term of spec.affinity.nodeAffinity can match a node labelled polyaxon=core`},
	}
	for phrase, tc := range tests {
		t.Run(phrase, func(t *testing.T) {
			if got := Because(tc.constraints, tc.pool); got != tc.want {
				t.Errorf("\n got %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestNodeString(t *testing.T) {
	labels := map[string]string{"polyaxon": "core", "a": "b"}
	tests := map[string]struct {
		node Node
		want string
	}{
		"labels are sorted and taints are not": {
			Node{Name: "x", Labels: labels, Taints: []corev1.Taint{taint, {Key: "a", Effect: "NoExecute"}}},
			`node "x" (labels a=b, polyaxon=core; taints polyaxon=core:NoSchedule, a:NoExecute)`,
		},
		"labels only":  {Node{Name: "x", Labels: labels}, `node "x" (labels a=b, polyaxon=core)`},
		"taints only":  {Node{Name: "x", Taints: []corev1.Taint{taint}}, `node "x" (taints polyaxon=core:NoSchedule)`},
		"a name alone": {Node{Name: "x"}, `node "x"`},
	}
	for phrase, tc := range tests {
		t.Run(phrase, func(t *testing.T) {
			if got := tc.node.String(); got != tc.want {
				t.Errorf("\n got %s\nwant %s", got, tc.want)
			}
		})
	}
}
