package policy_test

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

const kube = "system:serviceaccount:kube-system:"

// mark is what claims core.
type mark struct {
	labels map[string]string
	job    string // that owns the pod
}

// coreMarks are all by which a pod claims core.
var coreMarks = map[string]mark{
	"the label of 1.1.1 and later": {labels: map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"}},
	"the label of 0.x":             {labels: map[string]string{"type": "polyaxon-core"}},
	"the label of metrics":         {labels: map[string]string{"type": "polyaxon-metrics"}},
	"a hook of 0.x":                {map[string]string{"app": "polyaxon-polyaxon", "release": "polyaxon"}, "polyaxon-tables"},
	"a hook of 2.x":                {map[string]string{"app.kubernetes.io/name": "polyaxon-polyaxon-sync-db"}, "polyaxon-sync-db"},
	"a dependency of 0.4":          {labels: map[string]string{"app": "polyaxon-redis"}},
	"a dependency of 0.6":          {labels: map[string]string{"app": "postgresql", "release": "polyaxon"}},
	"a dependency of 2.x":          {labels: map[string]string{"app.kubernetes.io/name": "redis", "app.kubernetes.io/instance": "polyaxon"}},
	"a signal of the policy's own": {labels: map[string]string{"tier": "platform"}},
}

func (m mark) pod() *corev1.Pod {
	pod := other()
	pod.Labels = maps.Clone(m.labels)
	if m.job != "" {
		pod.OwnerReferences = owned("batch/v1", "Job", m.job)
	}
	return pod
}

func owned(apiVersion, kind, name string) []metav1.OwnerReference {
	return []metav1.OwnerReference{{APIVersion: apiVersion, Kind: kind, Name: name, Controller: new(true)}}
}

// earning is a policy that names one of each and knows core by a label of its own, too.
func earning(t *testing.T) *policy.Policy {
	t.Helper()
	return compile(t, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) {
		d.Spec.CoreTrust.Users = []string{"ops"}
		d.Spec.CoreTrust.ServiceAccounts = []string{"flux-system/helm", "deployer"}
		d.Spec.Roles[0].Match = &v1alpha1.Match{Any: []v1alpha1.Signal{{Labels: map[string]string{"tier": "platform"}}}}
	})
}

// TestCoreIsEarned: whatever the mark, core is granted to the same users.
func TestCoreIsEarned(t *testing.T) {
	p := earning(t)
	for who, tc := range map[string]struct {
		user   string
		groups []string
		trust  policy.Trust
		want   bool
	}{
		"nobody":                                   {},
		"a tenant":                                 {user: "tenant", groups: []string{"system:authenticated"}},
		"a user who is called like the group":      {user: "system:masters"},
		"one of the trusted group":                 {user: "admin", groups: []string{"system:masters"}, want: true},
		"a named user":                             {user: "ops", want: true},
		"a group that is called like the user":     {user: "tenant", groups: []string{"ops"}},
		"a named service account":                  {user: "system:serviceaccount:flux-system:helm", want: true},
		"the same name of another namespace":       {user: "system:serviceaccount:polyaxon:helm"},
		"a named service account beside the pod":   {user: "system:serviceaccount:polyaxon:deployer", want: true},
		"its name in another namespace":            {user: "system:serviceaccount:elsewhere:deployer"},
		"whoever RBAC trusts":                      {user: "tenant", trust: policy.Trusted, want: true},
		"Polyaxon's own account":                   {user: "system:serviceaccount:polyaxon:polyaxon-polyaxon-agent-sa"},
		"a controller that makes no such pods":     {user: kube + "deployment-controller"},
		"a node":                                   {user: "system:node:core-1", groups: []string{"system:nodes"}},
		"a controller's name in another namespace": {user: "system:serviceaccount:polyaxon:job-controller"},
	} {
		for name, m := range coreMarks {
			t.Run(who+", "+name, func(t *testing.T) {
				r := policy.Request{Namespace: "polyaxon", User: policy.UserInfo{Name: tc.user, Groups: tc.groups}, Trust: tc.trust, Pod: m.pod()}
				d := p.Review(r)
				if d.Role != "core" || d.ClaimsCore() == tc.want || tc.want && d.Verdict != policy.Allowed {
					t.Errorf("role %q, %s: %s", d.Role, d.Verdict, d.Sentence("a"))
				}
			})
		}
	}
}

// TestControllersActForTheirOwnKind: a built-in controller is trusted for the pods of owners whose templates were
// reviewed, and for nothing else.
func TestControllersActForTheirOwnKind(t *testing.T) {
	p := earning(t)
	controllers := map[string][]metav1.OwnerReference{
		"replicaset-controller":  owned("apps/v1", "ReplicaSet", "a"),
		"replication-controller": owned("v1", "ReplicationController", "a"),
		"statefulset-controller": owned("apps/v1", "StatefulSet", "a"),
		"daemon-set-controller":  owned("apps/v1", "DaemonSet", "a"),
		"job-controller":         owned("batch/v1", "Job", "a"),
	}
	owners := map[string][]metav1.OwnerReference{"none": nil, "foreign": owned("polyaxon.com/v1", "Job", "a")}
	for controller, own := range controllers {
		owners[controller] = own
		owners[controller+", not controlling"] = []metav1.OwnerReference{{APIVersion: own[0].APIVersion, Kind: own[0].Kind, Name: "a"}}
	}
	for controller := range controllers {
		for name, owner := range owners {
			pod := mark{labels: map[string]string{"type": "polyaxon-core"}}.pod()
			pod.OwnerReferences = owner
			r := policy.Request{Namespace: "polyaxon", Pod: pod, User: policy.UserInfo{Name: kube + controller}}
			if got, want := p.Review(r).ClaimsCore(), name != controller; got != want {
				t.Errorf("%s for owner %s: refused %v, want %v", controller, name, got, want)
			}
			r.User.Name = "tenant"
			if !p.Review(r).ClaimsCore() {
				t.Errorf("a tenant who forges owner %s is trusted", name)
			}
		}
	}
}

// TestClaimsOnUpdate: a claim that was there goes on; a new one, and other contents of a core pod, must be earned.
func TestClaimsOnUpdate(t *testing.T) {
	p := earning(t)
	core := func() *corev1.Pod { return coreMarks["the label of 0.x"].pod() }
	const trusted = `have one of group "system:masters" or anyone who may "use" roles.polymoat.io "core" `
	for name, tc := range map[string]struct {
		old    *corev1.Pod
		change func(*corev1.Pod)
		want   string
	}{
		"metadata of a core pod": {core(), func(p *corev1.Pod) { p.Annotations, p.Finalizers = map[string]string{"a": "b"}, nil }, ""},
		"a second mark":          {core(), func(p *corev1.Pod) { p.Labels["app.kubernetes.io/part-of"] = "polyaxon-core" }, ""},
		"the place of another core pod": {core(), func(p *corev1.Pod) { p.Labels["app"] = "polyaxon-redis" },
			`metadata.labels[app] "polyaxon-redis" is the name of a database or tool that is bundled with release "polyaxon", ` +
				`which user "tenant" is not trusted with; remove it, or ` + trusted + `create it`},
		"the place of a training operator": {core(), func(p *corev1.Pod) { p.Labels["app"], p.Labels["release"] = "tfjob", "polyaxon" },
			`metadata.labels[app] "tfjob" is the name of one of Polyaxon's training operators, ` +
				`which user "tenant" is not trusted with; remove it, or ` + trusted + `create it`},
		"a pod that becomes core": {other(), func(p *corev1.Pod) { p.Labels = map[string]string{"type": "polyaxon-core"} },
			`metadata.labels[type] "polyaxon-core" claims role "core", which user "tenant" is not trusted with; remove it, or ` + trusted + `create it`},
		"another image in a core pod": {core(), func(p *corev1.Pod) { p.Spec.Containers[0].Image = "evil" },
			`spec changes a pod of role "core" (label type=polyaxon-core), which user "tenant" is not trusted with; leave it as it was, or ` + trusted + `change it`},
		"more memory for a core pod": {core(), func(p *corev1.Pod) {
			p.Spec.Containers[0].Resources.Limits = corev1.ResourceList{"memory": resource.MustParse("1Gi")}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			pod := tc.old.DeepCopy()
			tc.change(pod)
			r := policy.Request{Namespace: "polyaxon", User: policy.UserInfo{Name: "tenant"}, Pod: pod, Old: tc.old}
			want := ""
			if tc.want != "" {
				want = `pods "a" of role "core": ` + tc.want + ` [core-claim]`
			}
			d := compile(t, v1alpha1.Default()).Validate(r)
			if diff := cmp.Diff(want, d.Sentence("a")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			r.Trust = policy.Trusted
			if d := p.Validate(r); d.Verdict != policy.Allowed {
				t.Errorf("refused to who is trusted: %s", d.Sentence("a"))
			}
		})
	}
}

// TestWhomThePolicyTrusts: the sentence names them, and bounds their number.
func TestWhomThePolicyTrusts(t *testing.T) {
	const rbac = `anyone who may "use" roles.polymoat.io "core"`
	for want, trust := range map[string]v1alpha1.CoreTrust{
		rbac: {Groups: []string{}},
		`user "ops", one of group "sre", service account "flux-system/helm" or ` + rbac: {
			Users: []string{"ops"}, Groups: []string{"sre"}, ServiceAccounts: []string{"flux-system/helm"},
		},
		`user "a", user "b", user "c", user "d", user "e", 2 more or ` + rbac: {Users: []string{"a", "b", "c", "d", "e", "f"}, Groups: []string{"g"}},
	} {
		p := compile(t, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) { d.Spec.CoreTrust = trust })
		d := p.Validate(policy.Request{Namespace: "polyaxon", Pod: coreMarks["the label of 0.x"].pod()})
		if diff := cmp.Diff("remove it, or have "+want+" create it", d.Violations[0].Fix); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// TestUnknownCreator: where nobody knows who will create a pod, its claim is a warning.
func TestUnknownCreator(t *testing.T) {
	r := policy.Request{Namespace: "polyaxon", Trust: policy.TrustUnknown, Pod: coreMarks["the label of 0.x"].pod()}
	d := compile(t, v1alpha1.Default()).Review(r)
	want := []string{`metadata.labels[type] claims role "core": its creator must be trusted with it: one of group "system:masters" or anyone who may "use" roles.polymoat.io "core"`}
	if diff := cmp.Diff(want, d.Warnings); diff != "" || d.Verdict != policy.Allowed {
		t.Errorf("%s (-want +got):\n%s", d.Verdict, diff)
	}
}
