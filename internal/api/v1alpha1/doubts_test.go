package v1alpha1

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// doubts are policies that load and do not protect as they seem to, and the exact text that the administrator reads.
var doubts = []mistake{
	{"", base, ``},
	{", protected: true", "",
		`policy.yaml:9: spec.nodePools: protect no node pool, so nothing keeps runs off the nodes that keep Polyaxon alive; set protected: true on the pool of these nodes`},
	{"taints: [{key: polyaxon, value: core, effect: NoSchedule}], protected", "protected",
		`policy.yaml:9: spec.nodePools[0].taints: keep no pod off the protected node pool "core", so pods of other namespaces land there; add a taint with effect NoSchedule, to the nodes as well`},
	{"value: core, effect: NoSchedule", "value: core, effect: PreferNoSchedule",
		`policy.yaml:9: spec.nodePools[0].taints: keep no pod off the protected node pool "core", so pods of other namespaces land there; add a taint with effect NoSchedule, to the nodes as well`},
	{jobs, "{name: jobs, nodePools: [gpu, core]}",
		`policy.yaml:13: spec.roles[1].nodePools[1]: "core" is protected, and role "jobs" is not Polyaxon itself; remove it, or describe nodes of its own`},
	{jobs, "{name: jobs, nodePools: [gpu]}\n  - {name: dind, nodePools: [core], match: {any: [{labels: {a: b}}]}}",
		`policy.yaml:14: spec.roles[2].nodePools[0]: "core" is protected, and role "dind" is not Polyaxon itself; remove it, or describe nodes of its own`},
	{"{key: polyaxon, value: gpu, effect: NoSchedule}", "{key: polyaxon, value: core, effect: NoSchedule}",
		`policy.yaml:10: spec.nodePools[1].taints[0]: "polyaxon=core:NoSchedule" is a taint of node pool "core" as well, so pods for one of them tolerate the other; give each a taint of its own`},
	{"value: gpu, effect: NoSchedule}", "value: gpu, effect: NoSchedule}, {key: polyaxon, value: core, effect: PreferNoSchedule}", ``},
	{"  - {name: core, nodePools: [core]}\n", "",
		`policy.yaml:12: spec.roles: have no role "core", so Polyaxon itself is placed on the first of all protected node pools; add {name: core, nodePools: [core]}`},
	{"nodePools: [core]", "nodePools: []",
		`policy.yaml:12: spec.roles[0].nodePools: lists no node pool, so Polyaxon itself is not placed; list the pool of the nodes that keep it alive: [core]`},
}

func TestDoubts(t *testing.T) {
	for _, tc := range doubts {
		t.Run(tc.new, func(t *testing.T) {
			p, err := Load("policy.yaml", []byte(tc.document()))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, strings.Join(p.Doubts, "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDefaultHasNoDoubts(t *testing.T) {
	if got := Default().Doubts; len(got) > 0 {
		t.Error(got)
	}
}

// TestRolesKeptOffTheirPools: the affinity of a role must leave it nodes of every pool that it lists.
func TestRolesKeptOffTheirPools(t *testing.T) {
	const affinity = "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [%]}]}}}"
	const at = "policy.yaml:13: spec.roles[1].affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution: "
	for name, tc := range map[string]struct{ requirement, rest, want string }{
		"another pool":       {"{key: polyaxon, operator: In, values: [core]}", "", at + `leaves the role no node of node pool "gpu", which it lists; change it, or remove the pool`},
		"not its own":        {"{key: polyaxon, operator: NotIn, values: [gpu]}", "", at + `leaves the role no node of node pool "gpu", which it lists; change it, or remove the pool`},
		"no pool at all":     {"{key: polyaxon, operator: DoesNotExist}", "", at + `leaves the role no node of node pool "gpu", which it lists; change it, or remove the pool`},
		"against itself":     {"{key: zone, operator: In, values: [a]}", ", nodeSelector: {zone: b}", at + `leaves the role no node of node pool "gpu", which it lists; change it, or remove the pool`},
		"its own pool":       {"{key: polyaxon, operator: In, values: [gpu]}", "", ""},
		"nodes of its pool":  {"{key: zone, operator: In, values: [a]}", "", ""},
		"a name, for itself": {"{key: zone, operator: In, values: [a]}", ", nodeSelector: {zone: a}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			role := "{name: jobs, nodePools: [gpu], " + strings.Replace(affinity, "%", tc.requirement, 1) + tc.rest + "}"
			_, err := Load("policy.yaml", []byte(strings.Replace(base, jobs, role, 1)))
			got := ""
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestOnePolicyProtectsWhatAnotherDoesNot: runs of the other would be sent there.
func TestOnePolicyProtectsWhatAnotherDoesNot(t *testing.T) {
	file := func(name, namespace, pools string) File {
		p, err := Load(name, []byte(`apiVersion: polymoat.io/v1alpha1
kind: PlacementPolicy
metadata: {name: `+namespace+`}
spec:
  namespaces: [`+namespace+`]
  nodePools: [`+pools+`]
`))
		if err != nil {
			t.Fatal(err)
		}
		return File{Name: name, Policy: p}
	}
	const core, open, other = "{name: core, nodeLabel: {key: a, value: b}, protected: true}", "{name: all, nodeLabel: {key: a, value: b}}", "{name: c, nodeLabel: {key: c, value: d}}"
	const want = `spec.nodePools[1].nodeLabel: "a=b" is protected by one.yaml (policy "one") and not by two.yaml (policy "two"), whose runs are sent there; protect it in both, or give one of the pools another label`
	for name, tc := range map[string]struct{ one, two, want string }{
		"in one of two":      {core, other + ", " + open, want},
		"in both":            {core, core, ""},
		"in neither":         {open, open, ""},
		"known to one alone": {core, other, ""},
	} {
		for _, turned := range []bool{false, true} {
			files := []File{file("one.yaml", "one", tc.one), file("two.yaml", "two", tc.two)}
			if turned {
				files[0], files[1] = files[1], files[0]
			}
			got := ""
			if err := ValidateSet(files); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
}
