package v1alpha1

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// base is a policy without mistakes, in which every case edits one line.
const base = `apiVersion: polymoat.io/v1alpha1
kind: PlacementPolicy
metadata: {name: polyaxon}
spec:
  release: polyaxon
  namespaces: [polyaxon]
  requesters: []
  nodePools:
  - {name: core, nodeLabel: {key: polyaxon, value: core}, taints: [{key: polyaxon, value: core, effect: NoSchedule}], protected: true}
  - {name: gpu, nodeLabel: {key: polyaxon, value: gpu}, taints: [{key: polyaxon, value: gpu, effect: NoSchedule}]}
  roles:
  - {name: core, nodePools: [core]}
  - {name: jobs, nodePools: [gpu]}
  - {name: builds, nodePools: [gpu], rootImages: [gcr.io/kaniko-project/executor]}
  - {name: other}
`

// mistake is an edit of base, old replaced by new, and the exact text that the administrator reads.
type mistake struct{ old, new, want string }

// document is base with the edit; a case with nothing to replace is a whole document.
func (m mistake) document() string {
	if m.old == "" {
		return m.new
	}
	return strings.Replace(base, m.old, m.new, 1)
}

const (
	jobs   = "{name: jobs, nodePools: [gpu]}"
	builds = "{name: builds, nodePools: [gpu], rootImages: [gcr.io/kaniko-project/executor]}"
	gpu    = "{name: gpu, nodeLabel: {key: polyaxon, value: gpu}, taints: [{key: polyaxon, value: gpu, effect: NoSchedule}]}"
)

var mistakes = slices.Concat(mistakesOfForm, mistakesOfPolicy, mistakesOfRoles, mistakesOfOverrides, mistakesOfImages, mistakesOfRollout)

func TestMistakes(t *testing.T) {
	for _, tc := range mistakes {
		t.Run(tc.new, func(t *testing.T) {
			if !strings.Contains(base, tc.old) {
				t.Fatalf("the case replaces %q, which is not in base", tc.old)
			}
			p, err := Load("policy.yaml", []byte(tc.document()))
			if err == nil {
				t.Fatalf("no error, but a policy: %+v", p)
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBaseHasNoMistakes(t *testing.T) {
	if _, err := Load("policy.yaml", []byte(base)); err != nil {
		t.Error(err)
	}
}

// mistakesOfForm hide no other mistakes but those that come of them.
var mistakesOfForm = []mistake{
	// Not one policy.
	{"", "",
		`policy.yaml: holds no policy; "kubectl polymoat policy default" prints one to start from`},
	{"", "# a comment\n",
		`policy.yaml: holds no policy; "kubectl polymoat policy default" prints one to start from`},
	{"", "---\n",
		`policy.yaml: holds no policy; "kubectl polymoat policy default" prints one to start from`},
	{"", "- a\n",
		`policy.yaml:1: is a list, not a mapping with apiVersion, kind, metadata and spec`},
	{"", "polyaxon",
		`policy.yaml:1: is text, not a mapping with apiVersion, kind, metadata and spec`},
	{"", "a: b\n c: d\n",
		`policy.yaml:2: is not YAML: mapping values are not allowed in this context`},
	{"", "a: [b\n",
		`policy.yaml:1: is not YAML: did not find expected ',' or ']'`},
	{"", "a: *b\n",
		`policy.yaml: is not YAML: unknown anchor 'b' referenced`},
	{"", "a: \x00\n",
		`policy.yaml: is not YAML: control characters are not allowed`},
	{"", base + "---\na: b\n",
		`policy.yaml:16: a second document begins here; a file holds one policy`},
	{"", base + "---\n---\na: b\n",
		`policy.yaml:17: a second document begins here; a file holds one policy`},
	{"", "{\"kind\": \"PlacementPolicy\"}",
		`policy.yaml: apiVersion: is missing; write "polymoat.io/v1alpha1"`},
	{"polymoat.io/v1alpha1", "polymoat.io/v1",
		`policy.yaml:1: apiVersion: "polymoat.io/v1" is not read here; write "polymoat.io/v1alpha1"`},
	{"kind: PlacementPolicy", "kind: Pod",
		`policy.yaml:2: kind: "Pod" is not read here; write "PlacementPolicy"`},
	{"kind: PlacementPolicy", "kind: [PlacementPolicy]",
		`policy.yaml:2: kind: is a list, not text`},

	// Fields that are unknown, double, or of the wrong type.
	{jobs, "{name: jobs, nodePool: [gpu]}",
		`policy.yaml:13: spec.roles[1].nodePool: unknown field; did you mean "nodePools"?`},
	{jobs, "{name: jobs, NodePools: [gpu]}",
		`policy.yaml:13: spec.roles[1].NodePools: unknown field; did you mean "nodePools"?`},
	{jobs, "{name: jobs, affinity: {nodeaffinity: {}}}",
		`policy.yaml:13: spec.roles[1].affinity.nodeaffinity: unknown field; did you mean "nodeAffinity"?`},
	{"release: polyaxon", "frobnicate: true",
		`policy.yaml:5: spec.frobnicate: unknown field; accepted: "bindingUsers", "contact", "coreFailurePolicy", "corePriorityClassName", "coreTrust", "debugUsers", "defaults", "earlyAnswers", "exceptions", "images", "modes", "namespaces", "nodeNameUsers", "nodePools", "release", "requesters", "roles", "shadow"`},
	{"release: polyaxon", "release: polyaxon\n  release: polyaxon",
		`policy.yaml:6: spec.release: is set twice, first on line 5; keep one`},
	{jobs, "{name: jobs, nodeSelector: {zone: a, zone: b}}",
		`policy.yaml:13: spec.roles[1].nodeSelector[zone]: is set twice, first on line 13; keep one`},
	{jobs, "{name: jobs, nodeSelector: {zone: 1, 2: b}}",
		`policy.yaml:13: spec.roles[1].nodeSelector[2]: the key is a number, not text; quote it
policy.yaml:13: spec.roles[1].nodeSelector[zone]: "1" is a number, not text; quote it`},
	{jobs, "{name: jobs, nodeSelector: {? [a] : b}}",
		`policy.yaml:13: spec.roles[1].nodeSelector[]: the key is a list, not text; quote it`},
	{"namespaces: [polyaxon]", "namespaces: polyaxon",
		`policy.yaml:6: spec.namespaces: "polyaxon" is text, not a list`},
	{"namespaces: [polyaxon]", "namespaces: {polyaxon: true}",
		`policy.yaml:6: spec.namespaces: is a mapping, not a list`},
	{"metadata: {name: polyaxon}", "metadata: [name]",
		`policy.yaml:3: metadata: is a list, not a mapping`},
	{"metadata: {name: polyaxon}", "metadata: {name: {a: b}}",
		`policy.yaml:3: metadata.name: is a mapping, not text`},
	{"release: polyaxon", "release: true",
		`policy.yaml:5: spec.release: "true" is a boolean, not text; quote it`},
	{"release: polyaxon", "release: 1.5",
		`policy.yaml:5: spec.release: "1.5" is a number, not text; quote it`},
	{"release: polyaxon", "release: !mine polyaxon",
		`policy.yaml:5: spec.release: "polyaxon" has the YAML tag !mine, not text; quote it`},
	{"protected: true", "protected: yes",
		`policy.yaml:9: spec.nodePools[0].protected: "yes" is text, not true or false`},
	{"protected: true", "protected: [true]",
		`policy.yaml:9: spec.nodePools[0].protected: is a list, not true or false`},
	{jobs, "{name: jobs, podSecurityContext: {runAsUser: root}}",
		`policy.yaml:13: spec.roles[1].podSecurityContext.runAsUser: "root" is text, not a whole number of 64 bits`},
	{jobs, "{name: jobs, podSecurityContext: {runAsUser: 1.5}}",
		`policy.yaml:13: spec.roles[1].podSecurityContext.runAsUser: "1.5" is a number, not a whole number of 64 bits`},
	{jobs, "{name: jobs, podSecurityContext: {runAsUser: 99999999999999999999}}",
		`policy.yaml:13: spec.roles[1].podSecurityContext.runAsUser: "99999999999999999999" is a number, not a whole number of 64 bits`},
	{jobs, "{name: jobs, affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 3000000000}]}}}",
		`policy.yaml:13: spec.roles[1].affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference: is empty, so no node would do; add matchExpressions or remove the term
policy.yaml:13: spec.roles[1].affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: "3000000000" is a number, not a whole number of 32 bits`},
	{"effect: NoSchedule", "effect: NoSchedule, timeAdded: yesterday",
		`policy.yaml:9: spec.nodePools[0].taints[0].timeAdded: "yesterday" is not a time like "2026-01-02T15:04:05Z"`},
	{jobs, "&jobs {name: jobs, nodePools: [gpu]}\n  - *jobs",
		`policy.yaml:14: spec.roles[2]: is the alias *jobs; aliases are not read, write the value out`},
	{jobs, "&jobs {name: jobs}\n  - {<<: *jobs, name: notebooks}",
		`policy.yaml:14: spec.roles[2].<<: merges an alias; aliases are not read, write the values out`},
	{"release: polyaxon", "relaese: polyaxon\n  namespace: [polyaxon]\n  requesters: nobody",
		`policy.yaml:5: spec.relaese: unknown field; did you mean "release"?
policy.yaml:6: spec.namespace: unknown field; did you mean "namespaces"?
policy.yaml:9: spec.requesters: is set twice, first on line 7; keep one
policy.yaml:9: spec.requesters: "nobody" is text, not a list`},

	// Mistakes of form beside others.
	{"release: polyaxon\n  namespaces: [polyaxon]", "release: true\n  namespaces: [c d]",
		`policy.yaml:5: spec.release: "true" is a boolean, not text; quote it
policy.yaml:6: spec.namespaces[0]: "c d" is not a DNS label: at most 63 lower-case letters, digits and "-", with a letter or digit at both ends`},
	{jobs, "{name: jobs, nodePool: [gpu], podSecurity: strict}",
		`policy.yaml:13: spec.roles[1].nodePool: unknown field; did you mean "nodePools"?
policy.yaml:13: spec.roles[1].podSecurity: "strict" is not one of "privileged", "baseline", "restricted"`},
	{gpu, "{name: gpu, nodeLabel: {key: polyaxon}, taint: []}",
		`policy.yaml:10: spec.nodePools[1].nodeLabel.value: is missing; write the value that the pool's nodes carry, "" for an empty one
policy.yaml:10: spec.nodePools[1].taint: unknown field; did you mean "taints"?`},
	{gpu, "{name: gpu, nodeLabel: {key: polyaxon, value: }}",
		`policy.yaml:10: spec.nodePools[1].nodeLabel.value: is missing; write the value that the pool's nodes carry, "" for an empty one`},
	{jobs, "{name: jobs, nodePools: [gpu], match: {any: [{imagee: x}]}, identity: None}",
		`policy.yaml:13: spec.roles[1].identity: "None" is not one of "Inject", "Keep"
policy.yaml:13: spec.roles[1].match.any[0].imagee: unknown field; did you mean "image"?`},
	{jobs, "{name: jobs, nodePools: [gpu, 5, cpu]}",
		`policy.yaml:13: spec.roles[1].nodePools[1]: "5" is a number, not text; quote it
policy.yaml:13: spec.roles[1].nodePools[2]: "cpu" is not one of spec.nodePools; did you mean "gpu"?`},
}
