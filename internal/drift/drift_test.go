package drift

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/layers"
)

const withCore = `{nodeSelector: {polyaxon: core}, tolerations: [{key: polyaxon, operator: Equal, value: core, effect: NoSchedule}]}`

// clean is a cluster in which all layers say the same: what the commands of the plugin write for the built-in policy.
func clean(t *testing.T) *Facts {
	t.Helper()
	files := []v1alpha1.File{{Name: "policy.yaml", Policy: v1alpha1.Default()}}
	f := &Facts{Policies: files, Map: "polymoat-policy-1", Replicas: map[string]string{"polymoat-a": "polymoat-policy-1"}, Twin: twinOf(files)}
	for _, pool := range []string{"core", "experiments"} {
		f.Nodes = append(f.Nodes, node(pool+"-1", pool, pool))
	}
	f.Nodes = append(f.Nodes, corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "web-1", Labels: map[string]string{"polyaxon": "no"}}})
	f.Workloads = []Workload{
		workload(t, "api", `{app.kubernetes.io/part-of: polyaxon-core}`, withCore),
		workload(t, "redis", `{app: redis, release: polyaxon}`, withCore),
		workload(t, "web", `{app: web}`, `{}`),
		workload(t, "trainingjobs", `{app: trainingjobs, release: polyaxon, chart: trainingjobs-1}`, `{}`),
	}
	class, err := layers.ParseNodeClass("karpenter.k8s.aws/EC2NodeClass/default")
	if err != nil {
		t.Fatal(err)
	}
	karpenter, err := layers.Karpenter(files, class)
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range documents(t, karpenter) {
		f.Groups = append(f.Groups, group(t, doc))
	}
	f.Groups = append(f.Groups, group(t, `{apiVersion: karpenter.sh/v1, kind: NodePool, metadata: {name: general}, spec: {template: {spec: {requirements: [
		{key: polyaxon, operator: DoesNotExist}, {key: kubernetes.io/arch, operator: Exists}]}}}}`), machines(t, "polyaxon=core,zone=a", "polyaxon=core:NoSchedule"))
	kueue, err := layers.Kueue(files)
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range documents(t, kueue) {
		f.Flavors = append(f.Flavors, flavor(t, doc))
	}
	presets, err := layers.Presets(v1alpha1.Default(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range documents(t, presets) {
		f.Presets = append(f.Presets, preset(t, "all.yaml", doc))
	}
	return f
}

func documents(t *testing.T, text string) []string {
	t.Helper()
	return strings.Split(text, "---\n")
}

// raw is an object in YAML as JSON values.
func raw(t *testing.T, text string) map[string]any {
	t.Helper()
	var o map[string]any
	if err := yaml.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// node has the label and the taint with these values; empty for none.
func node(name, label, taint string) corev1.Node {
	n := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{}}}
	if label != "" {
		n.Labels["polyaxon"] = label
	}
	if taint != "" {
		n.Spec.Taints = []corev1.Taint{
			{Key: "polyaxon", Value: taint, Effect: corev1.TaintEffectNoSchedule}, {Key: "node.kubernetes.io/not-ready", Effect: corev1.TaintEffectNoExecute},
		}
	}
	return n
}

func workload(t *testing.T, name, labels, spec string) Workload {
	t.Helper()
	var d appsv1.Deployment
	if err := yaml.UnmarshalStrict([]byte("{spec: {template: {metadata: {labels: "+labels+"}, spec: "+spec+"}}}"), &d); err != nil {
		t.Fatal(err)
	}
	return Workload{"deployment.apps/" + name, "polyaxon", d.Spec.Template}
}

func group(t *testing.T, text string) Group {
	t.Helper()
	g, ok, err := GroupOf(raw(t, text))
	if err != nil || !ok {
		t.Fatalf("%t, %v", ok, err)
	}
	return g
}

// karpenter is a NodePool with the content of its template.
func karpenter(t *testing.T, template string) Group {
	t.Helper()
	return group(t, `{apiVersion: karpenter.sh/v1, kind: NodePool, metadata: {name: more}, spec: {template: `+template+`}}`)
}

// machines is a MachineDeployment with what it tells a cluster-autoscaler.
func machines(t *testing.T, labels, taints string) Group {
	t.Helper()
	return group(t, `{apiVersion: cluster.x-k8s.io/v1beta2, kind: MachineDeployment, metadata: {name: md, namespace: capi, annotations: {
		capacity.cluster-autoscaler.kubernetes.io/labels: "`+labels+`", capacity.cluster-autoscaler.kubernetes.io/taints: "`+taints+`"}}}`)
}

func flavor(t *testing.T, text string) Flavor {
	t.Helper()
	f, err := FlavorOf(raw(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func preset(t *testing.T, object, text string) Preset {
	t.Helper()
	p, ok, err := PresetOf(object, raw(t, text))
	if err != nil || !ok {
		t.Fatalf("%t, %v", ok, err)
	}
	return p
}

// environment is a preset with an environment.
func environment(t *testing.T, object, text string) Preset {
	t.Helper()
	return preset(t, object, `{version: 1.1, kind: operation, isPreset: true, runPatch: {environment: `+text+`}}`)
}

func TestNothingDriftsInACleanCluster(t *testing.T) {
	if found := Find(clean(t)); len(found) > 0 {
		t.Errorf("found %v", found)
	}
	empty := &Facts{Policies: clean(t).Policies, UnseenGroups: true}
	if found := Find(empty); len(found) > 0 {
		t.Errorf("where nothing was read, found %v", found)
	}
}

// planted is a change to a clean cluster, and the one drift that it makes.
type planted struct {
	name  string
	plant func(*testing.T, *Facts)
	want  Drift
}

const (
	valuesFix = "kubectl polymoat values --chart VERSION --release polyaxon > placement.yaml && " +
		"helm upgrade polyaxon polyaxon/polyaxon --namespace polyaxon --reuse-values -f placement.yaml"
	exportFix = "kubectl polymoat export karpenter # one NodePool for each node pool, then remove the requirement from nodepool.karpenter.sh/more"
	twinFix   = "kubectl polymoat native --in-force | kubectl apply -f -"
	twinName  = "ValidatingAdmissionPolicyBinding/polymoat-polyaxon-pods-enforce"
)

// TestPlantedDrifts plants one drift at a time in a clean cluster. Each is found, and nothing else.
func TestPlantedDrifts(t *testing.T) {
	all := slices.Concat(inPolicies, inCore, inNodes, inAutoscalers, inQueues, inPresets)
	if len(all) < 20 {
		t.Errorf("only %d drifts are planted", len(all))
	}
	for _, tc := range all {
		t.Run(string(tc.want.Layer)+"/"+tc.name, func(t *testing.T) {
			f := clean(t)
			tc.plant(t, f)
			if diff := cmp.Diff([]Drift{tc.want}, Find(f)); diff != "" {
				t.Errorf("drifts (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTwoGroupsForOnePool: what one lacks is not made up for by the other.
func TestTwoGroupsForOnePool(t *testing.T) {
	f := clean(t)
	bare := karpenter(t, `{metadata: {labels: {polyaxon: core}}}`)
	found := FindGroups(f.Policies, append(f.Groups, bare, bare))
	if len(found) != 2 || found[0] != found[1] {
		t.Errorf("found %v", found)
	}
}

// TestOtherObjects: what starts no nodes and what is no preset is left out, and what is wrong with one is told.
func TestOtherObjects(t *testing.T) {
	for _, text := range []string{
		`{apiVersion: v1, kind: Node}`, `{apiVersion: other/v1, kind: NodePool}`, `{apiVersion: karpenter.sh/v1, kind: NodeClaim}`,
	} {
		if _, ok, err := GroupOf(raw(t, text)); ok || err != nil {
			t.Errorf("%s: %t, %v", text, ok, err)
		}
	}
	if _, ok, err := PresetOf("a.yaml", raw(t, `{version: 1.1, kind: operation, runPatch: {environment: {nodeName: a}}}`)); ok || err != nil {
		t.Errorf("an operation is a preset: %t, %v", ok, err)
	}
	_, _, err := GroupOf(raw(t, `{apiVersion: cluster.x-k8s.io/v1beta2, kind: MachineDeployment, metadata: {name: md, annotations: {
		capacity.cluster-autoscaler.kubernetes.io/taints: "polyaxon"}}}`))
	want := `machinedeployment.cluster.x-k8s.io/md: annotation capacity.cluster-autoscaler.kubernetes.io/taints: "polyaxon" is no taint; write it as KEY=VALUE:EFFECT`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, ok, err := GroupOf(raw(t, `{apiVersion: karpenter.sh/v1, kind: NodePool, metadata: {name: a}, spec: {template: {spec: {taints: none}}}}`)); !ok || err == nil {
		t.Errorf("taints that are no list: %t, %v", ok, err)
	}
}
