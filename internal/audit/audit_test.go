package audit

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
)

// auditor is one by the built-in policy, with changes.
func auditor(t *testing.T, change func(*v1alpha1.PlacementPolicy)) *Auditor {
	t.Helper()
	doc := v1alpha1.Default()
	if change != nil {
		change(doc)
	}
	p, err := policy.New(doc)
	if err != nil {
		t.Fatal(err)
	}
	a := New(p, []v1alpha1.File{{Name: "policy.yaml", Policy: doc}})
	a.Core = func(namespace string) []policy.CoreWorkload {
		if namespace != "polyaxon" {
			return nil
		}
		kind := schema.GroupKind{Group: "apps", Kind: "Deployment"}
		return []policy.CoreWorkload{
			{Kind: kind, Name: "proxy", Selector: labels.SelectorFromSet(labels.Set{"app": "proxy"})},
			{Kind: schema.GroupKind{Group: "apps", Kind: "ReplicaSet"}, Name: "api"},
			{Kind: schema.GroupKind{Group: "apps", Kind: "DaemonSet"}, Name: "api"},
		}
	}
	return a
}

var (
	coreTaint = corev1.Taint{Key: "polyaxon", Value: "core", Effect: corev1.TaintEffectNoSchedule}
	core1     = landing.Node{Name: "core-1", Labels: map[string]string{"polyaxon": "core"}, Taints: []corev1.Taint{coreTaint}}
	worker    = landing.Node{Name: "experiments-1", Labels: map[string]string{"polyaxon": "experiments"}}
)

// job is the pod of a job as polymoat places it, with changes; the scheduler has bound it to a node.
func job(node string, change func(*corev1.Pod)) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "polyaxon", Name: "train", Labels: map[string]string{
			"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-jobs",
		}},
		Spec: corev1.PodSpec{
			NodeName: node, NodeSelector: map[string]string{"polyaxon": "experiments"},
			SecurityContext: &corev1.PodSecurityContext{RunAsUser: ptr.To[int64](2222), RunAsGroup: ptr.To[int64](2222)},
			Containers:      []corev1.Container{{Name: "main", Image: "busybox"}},
		},
	}
	if change != nil {
		change(pod)
	}
	return pod
}

func tolerant(p *corev1.Pod) {
	p.Spec.NodeSelector = nil
	p.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
}

// owned is by a ReplicaSet.
func owned(by string) []metav1.OwnerReference {
	return []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: by, Controller: ptr.To(true)}}
}

func claimant(p *corev1.Pod) {
	p.Labels = map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"}
}

// made is a pod of core that a controller made, in core's place.
func made(kind string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		claimant(p)
		p.Name, p.Spec.NodeSelector = "api-x7k2p", map[string]string{"polyaxon": "core"}
		p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: kind, Name: "api", Controller: ptr.To(true)}}
	}
}

// findingsOf are the findings about a pod on a node that is known.
func findingsOf(a *Auditor, pod *corev1.Pod, node landing.Node) []Finding {
	r := a.Pod(pod, &node, 0)
	if r == nil {
		return nil
	}
	return r.On(node)
}

// sentences are the findings as people read them.
func sentences(found []Finding) []string {
	var list []string
	for _, f := range found {
		list = append(list, string(f.Kind)+": "+f.Object+" "+f.Detail+"; "+f.Fix)
	}
	return list
}

func TestPods(t *testing.T) {
	const onCore = `pod-on-protected-node: pod/train runs on node "core-1", labelled polyaxon=core, where role "jobs" may not be; have its owner create it again, which polymoat sends elsewhere, or delete it`
	const reach = `pod-may-reach-protected-node: pod/train spec.tolerations[0] lets the pod run on protected nodes: ` +
		`it could run on a node of pool "core" (labels polyaxon=core; taints polyaxon=core:NoSchedule); drop the toleration or set spec.nodeSelector[polyaxon] to "experiments"; annotation polymoat.io/node-pool may ask for "builds"`
	for name, tc := range map[string]struct {
		pod  *corev1.Pod
		node landing.Node
		want []string
	}{
		"a placed pod on its own node":          {job("experiments-1", nil), worker, nil},
		"a placed pod whose node became core's": {job("core-1", nil), core1, []string{onCore}},
		"a pod that tolerates everything":       {job("experiments-1", tolerant), worker, []string{reach}},
		"the same on a core node":               {job("core-1", tolerant), core1, []string{onCore, reach}},
		"a pod that waits for a node":           {job("", nil), landing.Node{}, nil},
		"a pod that runs as root": {
			job("experiments-1", func(p *corev1.Pod) { p.Spec.SecurityContext.RunAsUser = ptr.To[int64](0) }), worker,
			[]string{`pod-runs-as-root: pod/train spec.securityContext.runAsUser is 0: container "main" would run as root; remove it or set a uid above 0`},
		},
		"a pod that claims core": {
			job("core-1", claimant), core1,
			[]string{`pod-claims-core: pod/train claims role "core" (label app.kubernetes.io/part-of=polyaxon-core), and no built-in controller made it; find out who created it; if nobody of Polyaxon did, delete it`},
		},
		"a pod of core that a ReplicaSet made": {
			job("core-1", func(p *corev1.Pod) {
				claimant(p)
				p.Name, p.OwnerReferences = "api-x7k2p", owned("api")
			}), core1, nil,
		},
		"a pod of core whose ReplicaSet is not core": {
			job("core-1", func(p *corev1.Pod) {
				claimant(p)
				p.Name, p.OwnerReferences = "web-x7k2p", owned("web")
			}), core1,
			[]string{`pod-claims-core: pod/web-x7k2p metadata.ownerReferences names ReplicaSet "web", whose own template does not claim role "core": ` +
				`the pod is not from a core workload; delete the revision that it is made of, if it has one, and the pod, ` +
				`or have one of group "system:masters" or anyone who may "use" roles.polymoat.io "core" change the template`},
		},
		"a pod of core that a ReplicaSet adopted": {
			job("core-1", func(p *corev1.Pod) {
				claimant(p)
				p.OwnerReferences = owned("api")
			}), core1,
			[]string{`pod-in-core-place: pod/train belongs to ReplicaSet "api", which did not make it: its name does not begin with "api-"; kubectl -n polyaxon delete pod train`},
		},
		"a run with the name of a component": {
			job("experiments-1", func(p *corev1.Pod) { p.Labels["app.kubernetes.io/name"] = "polyaxon-polyaxon-api" }), worker,
			[]string{`pod-in-core-place: pod/train metadata.labels[app.kubernetes.io/name] "polyaxon-polyaxon-api" is the name of Polyaxon's own component "api", ` +
				`and it is a pod of role "jobs"; kubectl -n polyaxon label pod train app.kubernetes.io/name-`},
		},
		"a run that core's ReplicaSet adopted": {
			job("experiments-1", func(p *corev1.Pod) {
				p.Labels["app.kubernetes.io/name"], p.Labels["app"], p.OwnerReferences = "polyaxon-polyaxon-api", "proxy", owned("proxy-5d4f")
			}), worker,
			[]string{`pod-in-core-place: pod/train metadata.labels[app.kubernetes.io/name] "polyaxon-polyaxon-api" is the name of Polyaxon's own component "api", ` +
				`and it is a pod of role "jobs"; kubectl -n polyaxon label pod train app.kubernetes.io/name- app-`},
		},
		"a pod that core's Deployment selects": {
			job("experiments-1", func(p *corev1.Pod) { p.Labels["app"] = "proxy" }), worker,
			[]string{`pod-in-core-place: pod/train metadata.labels[app] "proxy" meets the selector of Deployment "proxy", which is Polyaxon's own, ` +
				`and it is a pod of role "jobs"; kubectl -n polyaxon label pod train app-`},
		},
		"the mirror of a static pod with core's labels": {
			job("experiments-1", func(p *corev1.Pod) {
				claimant(p)
				p.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: "x"}
				p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: "experiments-1", Controller: ptr.To(true)}}
				p.ManagedFields = []metav1.ManagedFieldsEntry{{FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:nodeName":{}}}`)}}
			}), worker,
			[]string{`pod-claims-core: pod/train metadata.labels[app.kubernetes.io/part-of] claims role "core" for a static pod of node "experiments-1", ` +
				`which is in none of the role's node pools; take the label out of the manifest on that node, or run it on a core node`},
		},
		"a pod of core beside runs": {
			job("experiments-1", made("ReplicaSet")), worker,
			[]string{`pod-of-core-outside-its-pool: pod/api-x7k2p runs on node "experiments-1", which is in no node pool of role "core"; delete it: its owner creates it again, and polymoat places it`},
		},
		"one whose node is not known":  {job("experiments-1", made("ReplicaSet")), landing.Node{}, nil},
		"a pod of a DaemonSet of core": {job("experiments-1", made("DaemonSet")), worker, nil},
		"a pod that claims core elsewhere": {
			job("experiments-1", claimant), worker,
			[]string{`pod-claims-core: pod/train claims role "core" (label app.kubernetes.io/part-of=polyaxon-core), and no built-in controller made it; find out who created it; if nobody of Polyaxon did, delete it`},
		},
		"a pod of another namespace": {job("core-1", func(p *corev1.Pod) { p.Namespace = "elsewhere" }), core1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, sentences(findingsOf(auditor(t, nil), tc.pod, tc.node))); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFinding pins the fields that programs read.
func TestFinding(t *testing.T) {
	found := findingsOf(auditor(t, nil), job("core-1", tolerant), core1)
	want := []Finding{
		{Kind: PodOnProtectedNode, Policy: "polyaxon", Namespace: "polyaxon", Object: "pod/train", Role: "jobs", Node: "core-1", NodePool: "core"},
		{
			Kind: PodMayReach, Policy: "polyaxon", Namespace: "polyaxon", Object: "pod/train", Role: "jobs", Node: "core-1", NodePool: "core", Rule: "core-nodes",
			Witness: &landing.Node{Name: "witness", Labels: map[string]string{"polyaxon": "core"}, Taints: []corev1.Taint{coreTaint}},
		},
	}
	for i := range found {
		found[i].Detail, found[i].Fix = "", ""
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// TestNamedNode: a pod that named its node itself is judged by that node, and by no other.
func TestNamedNode(t *testing.T) {
	named := func(p *corev1.Pod) {
		tolerant(p)
		p.ManagedFields = []metav1.ManagedFieldsEntry{{FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:nodeName":{}}}`)}}
	}
	if got := findingsOf(auditor(t, nil), job("experiments-1", named), worker); got != nil {
		t.Errorf("on its own node: %v", sentences(got))
	}
	got := findingsOf(auditor(t, nil), job("core-1", named), core1)
	if len(got) != 2 || got[1].Witness.Name != "core-1" {
		t.Errorf("on a core node: %v", sentences(got))
	}
}

// TestModes: rules that refuse nothing count, shadow does not hide what was not placed, exceptions do.
func TestModes(t *testing.T) {
	pod := job("experiments-1", tolerant)
	for name, tc := range map[string]struct {
		change func(*v1alpha1.PlacementPolicy)
		want   int
	}{
		"a rule in mode Audit": {func(d *v1alpha1.PlacementPolicy) { d.Spec.Modes = []v1alpha1.RuleMode{{Mode: v1alpha1.Audit}} }, 1},
		"shadow":               {func(d *v1alpha1.PlacementPolicy) { d.Spec.Shadow = []v1alpha1.Scope{{}} }, 1},
		"an exception": {func(d *v1alpha1.PlacementPolicy) {
			d.Spec.Exceptions = []v1alpha1.Exception{{
				Name: "old", Namespaces: []string{"polyaxon"}, Roles: []string{"jobs"}, Rules: []string{"core-nodes", "pod-security"}, Expires: "2099-12-31",
			}}
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := auditor(t, tc.change).Pod(pod, &worker, 1)
			if len(r.Findings) != tc.want {
				t.Errorf("found %v", sentences(r.Findings))
			}
		})
	}
}
