package native_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy/policytest"
)

func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// some are a few of the values, in their order.
func some[T any](r *rand.Rand, values ...T) []T {
	list := []T{}
	for _, v := range values {
		if r.IntN(2) == 0 {
			list = append(list, v)
		}
	}
	return list
}

// poolNodes are the labels of nodes that random policies and pods speak of.
var poolNodes = []v1alpha1.NodeLabel{
	{Key: "polyaxon", Value: "core"}, {Key: "polyaxon", Value: "runs"}, {Key: "polyaxon", Value: "builds"},
	{Key: "acme.io/gpu", Value: "a100"}, {Key: "tier", Value: ""}, {Key: "spot", Value: "2"},
}

// randomPolicy is a valid policy.
func randomPolicy(r *rand.Rand) *v1alpha1.PlacementPolicy {
	for {
		doc := policytest.Policy(r)
		if r.IntN(2) == 0 {
			doc = v1alpha1.Default()
		}
		doc.Spec.NodePools, doc.Spec.Roles = nil, nil
		for i, l := range poolNodes {
			if i < 2 || r.IntN(2) == 0 {
				p := v1alpha1.NodePool{Name: fmt.Sprintf("p%d", i), NodeLabel: l, Taints: randomTaints(r), Protected: i == 0 || i == 4 && r.IntN(2) == 0}
				if i == 3 && r.IntN(2) == 0 {
					p.Resources = []string{"nvidia.com/gpu"}
				}
				doc.Spec.NodePools = append(doc.Spec.NodePools, p)
			}
		}
		var open, guarded []string
		for _, p := range doc.Spec.NodePools {
			if p.Protected {
				guarded = append(guarded, p.Name)
			} else {
				open = append(open, p.Name)
			}
		}
		doc.Spec.Roles = []v1alpha1.Role{{Name: "core", NodePools: guarded[:1]}}
		for _, name := range []string{"jobs", "builds", "services", "notebooks", "helpers", "other", "proxies"} {
			if name != "jobs" && r.IntN(3) == 0 {
				continue
			}
			role := v1alpha1.Role{Name: name, NodePools: slices.Clone(open)}
			r.Shuffle(len(open), func(i, j int) { role.NodePools[i], role.NodePools[j] = role.NodePools[j], role.NodePools[i] })
			role.NodePools = role.NodePools[:r.IntN(min(len(open), 3)+1)]
			randomRole(r, &role)
			doc.Spec.Roles = append(doc.Spec.Roles, role)
		}
		if r.IntN(3) == 0 {
			doc.Spec.NodeNameUsers, doc.Spec.BindingUsers, doc.Spec.DebugUsers = []string{"jane"}, []string{"jane"}, []string{"jane"}
		}
		if r.IntN(3) == 0 {
			doc.Spec.CoreTrust.ServiceAccounts = []string{"deployer"}
		}
		if r.IntN(4) == 0 {
			doc.Spec.Modes = []v1alpha1.RuleMode{{Mode: pick(r, v1alpha1.Warn, v1alpha1.Audit), Rules: some(r, "run-as-root", "pod-security", "node-pool", "core-nodes"),
				Scope: v1alpha1.Scope{Roles: some(r, "jobs", "other")}}}
		}
		text, err := json.Marshal(doc)
		if err != nil {
			panic(err)
		}
		if doc, err = v1alpha1.Load("random.json", text); err == nil {
			return doc
		}
	}
}

func randomTaints(r *rand.Rand) []corev1.Taint {
	return some(r, corev1.Taint{Key: "polyaxon", Value: pick(r, "core", "runs"), Effect: corev1.TaintEffectNoSchedule},
		corev1.Taint{Key: "spot", Value: "3", Effect: pick(r, corev1.TaintEffectNoExecute, corev1.TaintEffectPreferNoSchedule)})
}

func randomRole(r *rand.Rand, role *v1alpha1.Role) {
	if role.Name == "proxies" {
		role.Match = &v1alpha1.Match{Any: []v1alpha1.Signal{{Labels: map[string]string{"app": "proxy"}}, {Role: "services", Command: "proxy"}, {Annotations: map[string]string{"a": "b"}}}}
		role.PodSecurity = pick(r, v1alpha1.Privileged, v1alpha1.Baseline, v1alpha1.Restricted)
	}
	if r.IntN(4) == 0 {
		role.NodeSelector = map[string]string{"disk": "ssd"}
	}
	if r.IntN(4) == 0 {
		role.Tolerations = []corev1.Toleration{{Key: "spot", Operator: corev1.TolerationOpExists}}
	}
	if r.IntN(4) == 0 {
		role.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: randomTerms(r)}}
	}
	if r.IntN(4) == 0 && role.Name == "jobs" {
		role.SchedulerNames, role.PriorityClassNames = []string{"volcano"}, []string{}
	}
	if role.Name != "other" && r.IntN(3) == 0 {
		role.Overrides = &v1alpha1.Overrides{NodePools: []string{"*"}, Roles: []string{"*"}, NodeSelectorKeys: []string{"disk"}, TolerationKeys: []string{"spot"}, RunAsUser: &v1alpha1.IDRange{Min: 1000, Max: 2999}, RunAsGroup: &v1alpha1.IDRange{Min: 1, Max: 2999}}
	}
	if role.Name == "jobs" && r.IntN(4) == 0 {
		role.OnConflict = v1alpha1.Replace
	}
}

func randomTerms(r *rand.Rand) *corev1.NodeSelector {
	list := &corev1.NodeSelector{}
	for range 1 + r.IntN(3) {
		term := corev1.NodeSelectorTerm{}
		for range r.IntN(4) {
			l := pick(r, append(slices.Clone(poolNodes), v1alpha1.NodeLabel{Key: "disk", Value: "ssd"}, v1alpha1.NodeLabel{Key: "zone", Value: "5"})...)
			q := corev1.NodeSelectorRequirement{Key: l.Key}
			switch r.IntN(7) {
			case 0, 1:
				q.Operator, q.Values = corev1.NodeSelectorOpIn, append(some(r, "core", "runs", "5", ""), l.Value)
			case 2, 3:
				q.Operator, q.Values = corev1.NodeSelectorOpNotIn, append(some(r, "core", "runs", "5"), l.Value)
			case 4:
				q.Operator = corev1.NodeSelectorOpExists
			case 5:
				q.Operator = corev1.NodeSelectorOpDoesNotExist
			case 6:
				q.Operator, q.Values = pick(r, corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt), []string{pick(r, "1", "3", "6", "0")}
			}
			term.MatchExpressions = append(term.MatchExpressions, q)
		}
		if r.IntN(5) == 0 {
			term.MatchFields = []corev1.NodeSelectorRequirement{{Key: "metadata.name", Operator: pick(r, corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn), Values: []string{pick(r, "n1", "n2")}}}
		}
		list.NodeSelectorTerms = append(list.NodeSelectorTerms, term)
	}
	return list
}
