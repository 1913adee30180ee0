package v1alpha1

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"sigs.k8s.io/yaml"
)

// twentyLines is a whole policy as the documentation shows it.
const twentyLines = `apiVersion: polymoat.io/v1alpha1
kind: PlacementPolicy
metadata: {name: polyaxon}
spec:
  release: polyaxon                 # Polyaxon's Helm release: its hooks and bundled database carry no other mark
  namespaces: [polyaxon]            # governed namespaces, by name: a label on a namespace can be edited by its tenant
  defaults:
    overrides:                      # what one run may ask for with an annotation
      {nodePools: ["*"], roles: ["*"], runAsUser: {min: 1000, max: 65534}, runAsGroup: {min: 1000, max: 65534}, fsGroup: {min: 1000, max: 65534}}
  nodePools:
  - {name: core,        nodeLabel: {key: polyaxon, value: core},        taints: [{key: polyaxon, value: core, effect: NoSchedule}], protected: true}
  - {name: experiments, nodeLabel: {key: polyaxon, value: experiments}, taints: [{key: polyaxon, value: experiments, effect: NoSchedule}]}
  - {name: builds,      nodeLabel: {key: polyaxon, value: builds},      taints: [{key: polyaxon, value: builds, effect: NoSchedule}]}
  roles:
  - {name: core,        nodePools: [core]}
  - {name: experiments, nodePools: [experiments]}      # the first pool is the default; any listed one may be asked for
  - {name: builds,      nodePools: [builds], podSecurity: baseline}
`

func TestDefault(t *testing.T) {
	p := Default()
	for name, marshal := range map[string]func(any) ([]byte, error){"yaml": yaml.Marshal, "json": json.Marshal} {
		text, err := marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Load("marshalled."+name, text)
		if err != nil {
			t.Fatalf("the default policy does not load as %s again: %v", name, err)
		}
		if again.Hash == p.Hash {
			t.Errorf("two texts have one hash, %s", p.Hash)
		}
		again.Hash = p.Hash
		if diff := cmp.Diff(p, again); diff != "" {
			t.Errorf("the default policy changed on its way through %s (-want +got):\n%s", name, diff)
		}
	}
}

func TestDefaultIsFresh(t *testing.T) {
	first := Default()
	first.Spec.Roles[0].NodePools[0] = "changed"
	first.Spec.Roles[3].RootImages[0] = "changed"
	*first.Spec.Defaults.PodSecurityContext.RunAsUser = 0
	if diff := cmp.Diff(Default(), Default()); diff != "" {
		t.Error(diff)
	}
	if got := Default().Spec.Roles[0].NodePools[0]; got != "core" {
		t.Errorf("a caller's change reached the default policy: %q", got)
	}
}

// TestEmptyDocuments: a separator with nothing behind it is no second policy.
func TestEmptyDocuments(t *testing.T) {
	for _, text := range []string{"---\n" + twentyLines, twentyLines + "---\n", twentyLines + "---\n# the end\n---\n"} {
		if _, err := Load("policy.yaml", []byte(text)); err != nil {
			t.Error(err)
		}
	}
}

func TestTwentyLines(t *testing.T) {
	p, err := Load("policy.yaml", []byte(twentyLines))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default().Spec.NodePools, p.Spec.NodePools); diff != "" {
		t.Errorf("node pools (-default +twenty lines):\n%s", diff)
	}
	// default.yaml spells out what the twenty lines leave to defaults and fallbacks. Only the host paths are its own.
	hostPaths := cmpopts.IgnoreFields(Role{}, "HostPaths")
	if diff := cmp.Diff(Default().Spec.Effective(), p.Spec.Effective(), hostPaths); diff != "" {
		t.Errorf("roles (-default +twenty lines):\n%s", diff)
	}
}

func TestSetDefaults(t *testing.T) {
	p, err := Load("policy.yaml", []byte(`apiVersion: polymoat.io/v1alpha1
kind: PlacementPolicy
metadata: {name: a}
spec:
  namespaces: [one, two]
  defaults:
    containerSecurityContext: {readOnlyRootFilesystem: true}
  nodePools: [{name: core, nodeLabel: {key: polyaxon, value: core}, protected: true}]
  roles:
  - {name: builds, rootImages: [], hostPaths: [{path: /data}]}
  - {name: gpu, match: {any: [{arg: --gpu}]}}
`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := yaml.Marshal(p.Spec)
	if err != nil {
		t.Fatal(err)
	}
	want := `coreFailurePolicy: Ignore
coreTrust:
  groups:
  - system:masters
defaults:
  containerSecurityContext:
    readOnlyRootFilesystem: true
  podSecurityContext:
    fsGroup: 2222
    runAsGroup: 2222
    runAsNonRoot: true
    runAsUser: 2222
    seccompProfile:
      type: RuntimeDefault
earlyAnswers: Warn
namespaces:
- one
- two
nodePools:
- name: core
  nodeLabel:
    key: polyaxon
    value: core
  protected: true
release: polyaxon
requesters:
- system:serviceaccount:one:polyaxon-polyaxon-serviceaccount
- system:serviceaccount:two:polyaxon-polyaxon-serviceaccount
roles:
- hostPaths:
  - from: Requester
    path: /data
  identity: Keep
  name: builds
  onConflict: Refuse
  podSecurity: baseline
  rootImages: []
- hostPaths:
  - from: Anyone
    path: /tmp/artifactsStore
  - from: Anyone
    path: /tmp/outputs
  - from: Anyone
    path: /tmp/data
  identity: Inject
  match:
    any:
    - arg: --gpu
    mode: Extend
  name: gpu
  onConflict: Refuse
  podSecurity: restricted
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRestrictedBuildsHaveNoRoot(t *testing.T) {
	r := Role{Name: RoleBuilds, PodSecurity: Restricted}
	r.setDefaults()
	if r.RootImages != nil || slices.ContainsFunc(r.HostPaths, func(h HostPath) bool { return h.Path == DockerSocket }) {
		t.Errorf("restricted builds may use %q and %v", r.RootImages, r.HostPaths)
	}
}

// TestCoreFailurePolicyDefault: where the labels of Polyaxon's charts claim nothing, nothing is let through for them.
func TestCoreFailurePolicyDefault(t *testing.T) {
	for match, want := range map[string]FailurePolicy{
		"{mode: Extend, any: [{labels: {tier: platform}}]}":  Ignore,
		"{mode: Replace, any: [{labels: {tier: platform}}]}": Fail,
	} {
		text := strings.Replace(twentyLines, "nodePools: [core]}\n", "nodePools: [core], match: "+match+"}\n", 1)
		p, err := Load("policy.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Spec.CoreFailurePolicy; got != want {
			t.Errorf("core with match %s: %s, want %s", match, got, want)
		}
	}
}

// TestBounds are the overrides in force, by role.
func TestBounds(t *testing.T) {
	text := strings.Replace(twentyLines, "  roles:\n", "  roles:\n"+
		"  - {name: services, nodePools: [core, experiments]}\n"+
		"  - {name: jobs, nodePools: [experiments], overrides: {}}\n"+
		"  - {name: helpers, nodePools: [experiments], overrides: {roles: ['*'], nodePools: [builds]}}\n"+
		"  - {name: ops, nodePools: [experiments], match: {any: [{arg: --ops}]}}\n", 1)
	p, err := Load("policy.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range p.Spec.Effective() {
		if r.Overrides != nil {
			got = append(got, fmt.Sprintf("%s%v%v%t", r.Name, r.Overrides.NodePools, r.Overrides.Roles, r.Overrides.RunAsUser != nil))
		}
	}
	// services and those that fall back to it are on a protected pool: others may not go there.
	const others = "[experiments jobs builds notebooks distributed helpers]"
	want := []string{
		"experiments[experiments builds]" + others + "true",
		"jobs[][]false",
		"builds[experiments builds]" + others + "true",
		"notebooks[experiments builds]" + others + "true",
		"tensorboards[experiments builds][experiments jobs builds notebooks tensorboards services distributed helpers]true",
		"services[experiments builds][experiments jobs builds notebooks tensorboards services distributed helpers]true",
		"distributed[experiments builds]" + others + "true",
		"helpers[builds]" + others + "false",
		"ops[experiments builds]" + others + "true",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
