package policy_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

// cloudPolicy has pools as clouds label them: each by a key of its own. Runs may have spot, and gpu if they ask for it;
// a notebook may have gpu alone.
const cloudPolicy = `
apiVersion: polymoat.io/v1alpha1
kind: PlacementPolicy
metadata: {name: cloud}
spec:
  namespaces: [polyaxon]
  nodePools:
  - {name: core, nodeLabel: {key: tier, value: system}, taints: [{key: tier, value: system, effect: NoSchedule}], protected: true}
  - {name: gpu,  nodeLabel: {key: accelerator, value: a100}, taints: [{key: accelerator, value: a100, effect: NoSchedule}]}
  - {name: spot, nodeLabel: {key: priority, value: spot}, taints: [{key: priority, value: spot, effect: NoSchedule}]}
  roles:
  - {name: core, nodePools: [core]}
  - {name: jobs, nodePools: [spot, gpu]}
  - {name: notebooks, nodePools: [gpu]}
  - {name: services, nodePools: [spot]}
  - {name: helpers, nodePools: [spot], onConflict: Replace}
`

func cloud(t testing.TB) *policy.Policy {
	t.Helper()
	doc, err := v1alpha1.Load("cloud.yaml", []byte(cloudPolicy))
	if err != nil {
		t.Fatal(err)
	}
	return compile(t, doc)
}

// needs is a required node affinity with one requirement a term.
func needs(terms ...corev1.NodeSelectorRequirement) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		required := &corev1.NodeSelector{}
		for _, r := range terms {
			required.NodeSelectorTerms = append(required.NodeSelectorTerms,
				corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{r}})
		}
		p.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: required}}
	}
}

func is(key string, op corev1.NodeSelectorOperator, values ...string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: key, Operator: op, Values: values}
}

// TestPoolsWithKeysOfTheirOwn: a pod gets the label and the taints of one pool of its role, the one that it asks for, and
// nothing of another.
func TestPoolsWithKeysOfTheirOwn(t *testing.T) {
	p := cloud(t)
	const required = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"
	for name, tc := range map[string]struct {
		pod  []func(*corev1.Pod) // of a job
		want string              // its selector and what it tolerates, or why it is refused
	}{
		"a job that asks for nothing":   {want: "priority=spot; priority"},
		"a job for GPUs, by a selector": {pod: pods(selects("accelerator", "a100")), want: "accelerator=a100; accelerator"},
		"by an affinity":                {pod: pods(needs(is("accelerator", "In", "a100"))), want: "accelerator=a100; accelerator"},
		"by an affinity that would take another, too": {
			pod: pods(needs(is("accelerator", "In", "h100", "a100"))), want: "accelerator=a100; accelerator"},
		"by the key alone": {pod: pods(needs(is("accelerator", "Exists"))), want: "accelerator=a100; accelerator"},
		"by one of two terms": {
			pod: pods(needs(is("accelerator", "In", "a100"), is("tier", "In", "system"))), want: "accelerator=a100; accelerator"},
		"either pool":                            {pod: pods(needs(is("accelerator", "In", "a100"), is("priority", "In", "spot"))), want: "priority=spot; priority"},
		"both pools at once":                     {pod: pods(alsoSelects(kv{"accelerator": "a100", "priority": "spot"})), want: "accelerator=a100,priority=spot; priority,accelerator"},
		"not the first":                          {pod: pods(needs(is("priority", "NotIn", "spot"))), want: "accelerator=a100; accelerator"},
		"no GPU, in its own words":               {pod: pods(needs(is("accelerator", "DoesNotExist"))), want: "priority=spot; priority"},
		"no core, in its own words":              {pod: pods(needs(is("tier", "NotIn", "system"))), want: "priority=spot; priority"},
		"no core, by another value":              {pod: pods(selects("tier", "user")), want: "priority=spot,tier=user; priority"},
		"no GPU, by another value":               {pod: pods(selects("accelerator", "none")), want: "accelerator=none,priority=spot; priority"},
		"a notebook, for no core":                {pod: pods(isNotebook, selects("tier", "user")), want: "accelerator=a100,tier=user; accelerator"},
		"a helper that goes to core":             {pod: pods(isHelper, selects("tier", "system")), want: "priority=spot; priority"},
		"a helper that goes to core by affinity": {pod: pods(isHelper, needs(is("tier", "In", "system"))), want: "priority=spot; priority"},
		"a helper for no core":                   {pod: pods(isHelper, selects("tier", "user")), want: "priority=spot,tier=user; priority"},
		"other, for no core":                     {pod: pods(isNone, selects("tier", "user")), want: "tier=user; "},
		"core": {pod: pods(selects("tier", "system")),
			want: `spec.nodeSelector[tier] asks for node pool "core", which role "jobs" may not use; remove it [node-pool]`},
		"core and a pool of its own": {pod: pods(alsoSelects(kv{"tier": "system", "priority": "spot"})),
			want: `spec.nodeSelector[tier] asks for node pool "core", which role "jobs" may not use; remove it [node-pool]`},
		"core, by affinity": {pod: pods(needs(is("tier", "In", "system"))),
			want: required + ` can hold on no node of the node pools "spot", "gpu"; remove the requirement that rules them out [node-pool]`},
		"a pool of another role": {pod: pods(isService, selects("accelerator", "a100")),
			want: `spec.nodeSelector[accelerator] asks for node pool "gpu", which role "services" may not use; remove it [node-pool]`},
		"a pool of another role, by affinity": {pod: pods(isService, needs(is("accelerator", "In", "a100"))),
			want: required + ` can hold on no node of node pool "spot"; remove the requirement that rules them out [node-pool]`},
		"other, for core": {pod: pods(isNone, selects("tier", "system")),
			want: `spec.nodeSelector[tier] asks for node pool "core", which role "other" may not use; remove it [node-pool]`},
		"other, for core by affinity": {pod: pods(isNone, needs(is("tier", "In", "system"))),
			want: required + ` can hold on no node outside protected node pools; remove the requirement that rules them out [node-pool]`},
	} {
		t.Run(name, func(t *testing.T) {
			pod := job()
			for _, change := range tc.pod {
				change(pod)
			}
			if diff := cmp.Diff(tc.want, placed(p.Review(policy.Request{Namespace: "polyaxon", Pod: pod}), pod)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func pods(changes ...func(*corev1.Pod)) []func(*corev1.Pod) { return changes }

func isNotebook(p *corev1.Pod) {
	component("polyaxon-services")(p)
	p.Spec.Containers[0].Command = []string{"jupyter"}
}
func isService(p *corev1.Pod) { component("polyaxon-services")(p) }
func isHelper(p *corev1.Pod)  { component("polyaxon-cleaners")(p) }
func isNone(p *corev1.Pod)    { p.Labels = nil }

// placed is what the pod selects and the keys that it tolerates, or the reasons to refuse it.
func placed(d policy.Decision, pod *corev1.Pod) string {
	if d.Verdict != policy.Allowed {
		var reasons []string
		for _, v := range d.Violations {
			reasons = append(reasons, v.String())
		}
		return strings.Join(reasons, "\n")
	}
	if d.Pod != nil {
		pod = d.Pod
	}
	var selected, tolerated []string
	for _, key := range slices.Sorted(maps.Keys(pod.Spec.NodeSelector)) {
		selected = append(selected, key+"="+pod.Spec.NodeSelector[key])
	}
	for _, t := range pod.Spec.Tolerations {
		tolerated = append(tolerated, t.Key)
	}
	return strings.Join(selected, ",") + "; " + strings.Join(tolerated, ",")
}

// TestTheRolesAffinityCountsForThePool: what a role adds leaves a pod of zone a one pool, and one of zone c none.
func TestTheRolesAffinityCountsForThePool(t *testing.T) {
	const required = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"
	doc, err := v1alpha1.Load("cloud.yaml", []byte(cloudPolicy))
	if err != nil {
		t.Fatal(err)
	}
	doc.Spec.Roles[1].Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{
			{MatchExpressions: []corev1.NodeSelectorRequirement{is("zone", "In", "a"), is("accelerator", "In", "a100")}},
			{MatchExpressions: []corev1.NodeSelectorRequirement{is("zone", "In", "b")}},
		}},
	}}
	p := compile(t, doc)
	for zone, want := range map[string]string{
		"a": "accelerator=a100,zone=a; accelerator",
		"b": "priority=spot,zone=b; priority",
		"c": required + ` can hold on no node of the node pools "spot", "gpu"; remove the requirement that rules them out [node-pool]`,
	} {
		pod := job()
		selects("zone", zone)(pod)
		if diff := cmp.Diff(want, placed(p.Review(policy.Request{Namespace: "polyaxon", Pod: pod}), pod)); diff != "" {
			t.Errorf("zone %s (-want +got):\n%s", zone, diff)
		}
	}
}
