package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
)

// earns is how the fix of a claim ends.
const earns = `, or have one of group "system:masters" or anyone who may "use" roles.polymoat.io "core" create it`

// live are workloads of core: a Deployment of the chart with its ReplicaSet, one of the administrator's own, and one
// whose selector selects classic runs as well.
func live(t *testing.T) []policy.CoreWorkload {
	t.Helper()
	workload := func(kind, name, selector string) policy.CoreWorkload {
		s, err := labels.Parse(selector)
		if err != nil {
			t.Fatal(err)
		}
		return policy.CoreWorkload{Kind: schema.GroupKind{Group: "apps", Kind: kind}, Name: name, Selector: s}
	}
	return []policy.CoreWorkload{
		workload("ReplicaSet", "proxy-5d4f", "app=proxy,pod-template-hash=5d4f"),
		workload("Deployment", "proxy", "app=proxy"),
		workload("Deployment", "workers", "role=polyaxon-workers"),
		workload("Deployment", "all-but", "app.kubernetes.io/part-of notin (nothing)"),
		workload("StatefulSet", "everything", ""),
		{Kind: schema.GroupKind{Group: "batch", Kind: "Job"}, Name: "none"},
	}
}

func labelled(set map[string]string) *corev1.Pod {
	return with(other(), func(p *corev1.Pod) { p.Labels = set })
}

// run are the labels of a run of 2.x, with more.
func run(more ...string) map[string]string {
	set := map[string]string{
		"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-jobs",
		"app.kubernetes.io/managed-by": "polyaxon", "app.kubernetes.io/name": "train",
	}
	for i := 0; i < len(more); i += 2 {
		set[more[i]] = more[i+1]
	}
	return set
}

// TestPlaces: labels by which Services and controllers find core's pods are a claim of core, on whatever pod.
func TestPlaces(t *testing.T) {
	p := compile(t, v1alpha1.Default())
	const proxy = ` meets the selector of Deployment "proxy", which is Polyaxon's own, which user "tenant" is not trusted with; remove it` + earns
	for name, tc := range map[string]struct {
		labels map[string]string
		want   string
	}{
		"a run": {run(), ""},
		"a run called like a component": {run("app.kubernetes.io/name", "polyaxon-polyaxon-gateway"),
			`metadata.labels[app.kubernetes.io/name] "polyaxon-polyaxon-gateway" is the name of Polyaxon's own component "gateway", ` +
				`which user "tenant" is not trusted with; give the run another name` + earns},
		"another pod called like one": {map[string]string{"app.kubernetes.io/name": "polyaxon-polyaxon-streams"},
			`metadata.labels[app.kubernetes.io/name] "polyaxon-polyaxon-streams" is the name of Polyaxon's own component "streams", ` +
				`which user "tenant" is not trusted with; remove it` + earns},
		"a run with the label of 0.x": {run("app", "polyaxon-polyaxon-api"),
			`metadata.labels[app] "polyaxon-polyaxon-api" is the name of Polyaxon's own component "api", which user "tenant" is not trusted with; remove it` + earns},
		"a component of another release":       {run("app.kubernetes.io/name", "plx-polyaxon-api"), ""},
		"a name that only begins like one":     {run("app.kubernetes.io/name", "polyaxon-polyaxon-api-2"), ""},
		"a name that only ends like one":       {run("app.kubernetes.io/name", "my-polyaxon-polyaxon-api"), ""},
		"a hook's name, which nothing selects": {run("app.kubernetes.io/name", "polyaxon-polyaxon-sync-db"), ""},
		"a bare name":                          {run("app.kubernetes.io/name", "api"), ""},
		"the selector of a core workload":      {run("app", "proxy"), `metadata.labels[app] "proxy"` + proxy},
		"that of its ReplicaSet":               {run("app", "proxy", "pod-template-hash", "5d4f"), `metadata.labels[app] "proxy"` + proxy},
		"its hash alone, as restored":          {run("pod-template-hash", "5d4f", "controller-revision-hash", "x"), ""},
		"the name of a pod of a StatefulSet":   {run("statefulset.kubernetes.io/pod-name", "polyaxon-postgresql-0"), ""},
		"what core shares with classic runs": {map[string]string{
			"type": "polyaxon-runner", "role": "polyaxon-workers", "app": "polyaxon-job", "job_uuid": "x",
		}, ""},
		"no labels": {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			pod := labelled(tc.labels)
			r := policy.Request{Namespace: "polyaxon", User: policy.UserInfo{Name: "tenant"}, Pod: pod, Core: live(t)}
			if diff := cmp.Diff(tc.want, claimOf(p.Review(r))); diff != "" {
				t.Errorf("created (-want +got):\n%s", diff)
			}
			r.Old = other()
			for _, r.Subresource = range []string{"", "status", "resize"} {
				if diff := cmp.Diff(tc.want, claimOf(p.Validate(r))); diff != "" {
					t.Errorf("updated %s (-want +got):\n%s", r.Subresource, diff)
				}
			}
			r.Old = pod.DeepCopy() // from before the policy
			if got := claimOf(p.Validate(r)); got != "" {
				t.Errorf("was there already: %s", got)
			}
			w := policy.Workload{
				Namespace: "polyaxon", User: r.User, Kind: "Deployment", Core: live(t),
				Templates: []policy.Template{{At: field.NewPath("spec", "template"), Pod: pod, LabelAt: func(key string) *field.Path {
					return field.NewPath("metadata", "labels").Key(key)
				}}},
			}
			if diff := cmp.Diff(tc.want, claimOf(p.ValidateWorkload(w))); diff != "" {
				t.Errorf("as a template (-want +got):\n%s", diff)
			}
			r.Old, r.Subresource = nil, ""
			for _, trusted := range []policy.UserInfo{
				{Name: "admin", Groups: []string{"system:masters"}}, {Name: kube + "replicaset-controller"},
			} {
				r.User, pod.OwnerReferences = trusted, owned("apps/v1", "ReplicaSet", "proxy-5d4f")
				if got := claimOf(p.Review(r)); got != "" {
					t.Errorf("refused to %s: %s", trusted.Name, got)
				}
			}
		})
	}
}

// claimOf is what core-claim says of a decision.
func claimOf(d policy.Decision) string {
	for _, v := range d.Violations {
		if v.Rule == "core-claim" {
			return v.Field.String() + " " + v.Detail + "; " + v.Fix
		}
	}
	return ""
}

// TestPlacesMakeNoPodCore: a name opens no core node, whoever wrote it.
func TestPlacesMakeNoPodCore(t *testing.T) {
	p := compile(t, v1alpha1.Default())
	for _, set := range []map[string]string{
		{"app.kubernetes.io/name": "polyaxon-polyaxon-api"}, {"app": "proxy"}, run("app.kubernetes.io/name", "polyaxon-polyaxon-api"),
	} {
		r := policy.Request{Namespace: "polyaxon", Trust: policy.Trusted, Pod: labelled(set), Core: live(t)}
		if d := p.Review(r); d.Role == "core" || d.Verdict != policy.Allowed {
			t.Errorf("%v: role %q, %s", set, d.Role, d.Verdict)
		}
	}
}

// TestAdoption: a controller takes over a pod that was there already. To refuse that would stop all that it does.
func TestAdoption(t *testing.T) {
	p := compile(t, v1alpha1.Default())
	stray := labelled(run("app", "proxy", "pod-template-hash", "5d4f"))
	adopted := with(stray.DeepCopy(), func(p *corev1.Pod) { p.OwnerReferences = owned("apps/v1", "ReplicaSet", "proxy-5d4f") })
	for name, tc := range map[string]struct {
		user     string
		old, pod *corev1.Pod
	}{
		"adopted":                {kube + "replicaset-controller", stray, adopted},
		"let go":                 {kube + "replicaset-controller", adopted, stray},
		"orphaned":               {kube + "generic-garbage-collector", adopted, stray},
		"told of by its kubelet": {"system:node:builds-1", adopted, adopted},
		"noted by its user":      {"tenant", adopted, with(adopted.DeepCopy(), func(p *corev1.Pod) { p.Annotations = map[string]string{"a": "b"} })},
		"freed":                  {"tenant", stray, labelled(run())},
	} {
		r := policy.Request{Namespace: "polyaxon", User: policy.UserInfo{Name: tc.user}, Old: tc.old, Pod: tc.pod, Core: live(t)}
		if d := p.Validate(r); d.Verdict != policy.Allowed {
			t.Errorf("%s: %s", name, d.Sentence("a"))
		}
	}
}

// TestSecondPlace: who has one place among core's pods may not take another.
func TestSecondPlace(t *testing.T) {
	p := compile(t, v1alpha1.Default())
	for name, old := range map[string]map[string]string{
		"a run in one of the charts'": run("app.kubernetes.io/name", "polyaxon-polyaxon-api"),
		"a run beside core's marks":   run("type", "polyaxon-core"),
		"a core pod":                  {"app.kubernetes.io/part-of": "polyaxon-core", "app.kubernetes.io/name": "polyaxon-polyaxon-beat"},
	} {
		r := policy.Request{Namespace: "polyaxon", User: policy.UserInfo{Name: "tenant"}, Old: labelled(old), Core: live(t)}
		r.Pod = with(r.Old.DeepCopy(), func(p *corev1.Pod) { p.Labels["app"] = "proxy" })
		want := `metadata.labels[app] "proxy" meets the selector of Deployment "proxy", which is Polyaxon's own, ` +
			`which user "tenant" is not trusted with; remove it` + earns
		if diff := cmp.Diff(want, claimOf(p.Validate(r))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestMirrorPods: a kubelet puts a static pod among core's only on a core node.
func TestMirrorPods(t *testing.T) {
	p := compile(t, v1alpha1.Default())
	core := &landing.Node{Name: "n1", Labels: map[string]string{"polyaxon": "core"}}
	builds := &landing.Node{Name: "n1", Labels: map[string]string{"polyaxon": "builds"}}
	for name, tc := range map[string]struct {
		labels map[string]string
		node   *landing.Node
		label  string // that is refused
	}{
		"no claim":                     {map[string]string{"app": "node-agent"}, builds, ""},
		"core on a core node":          {map[string]string{"type": "polyaxon-core"}, core, ""},
		"core on a builds node":        {map[string]string{"type": "polyaxon-core"}, builds, "type"},
		"core on an unknown node":      {map[string]string{"type": "polyaxon-core"}, nil, "type"},
		"core by another node's facts": {map[string]string{"type": "polyaxon-core"}, &landing.Node{Name: "n2", Labels: core.Labels}, "type"},
		"a component's name":           {map[string]string{"app.kubernetes.io/name": "polyaxon-polyaxon-api"}, builds, "app.kubernetes.io/name"},
		"a component on a core node":   {map[string]string{"app.kubernetes.io/name": "polyaxon-polyaxon-api"}, core, ""},
		"a live selector":              {map[string]string{"app": "proxy"}, builds, "app"},
	} {
		t.Run(name, func(t *testing.T) {
			pod := with(labelled(tc.labels), func(p *corev1.Pod) {
				p.Annotations, p.Spec.NodeName = map[string]string{corev1.MirrorPodAnnotationKey: "x"}, "n1"
				p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: "n1", Controller: new(true)}}
			})
			r := policy.Request{Namespace: "polyaxon", User: policy.UserNamed("system:node:n1"), Pod: pod, Node: tc.node, Core: live(t)}
			want := ""
			if tc.label != "" {
				want = `pods "a": metadata.labels[` + tc.label + `] claims role "core" for a static pod of node "n1", ` +
					`which is in none of the role's node pools; take the label out of the manifest on that node, or run it on a core node [core-claim]`
			}
			d := p.Validate(r)
			if diff := cmp.Diff(want, d.Sentence("a")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if want == "" && d.Verdict != policy.OutOfScope {
				t.Errorf("verdict is %s", d.Verdict)
			}
			r.Old = pod.DeepCopy()
			if d := p.Validate(r); d.Verdict != policy.OutOfScope {
				t.Errorf("was there already: %s", d.Sentence("a"))
			}
		})
	}
}
