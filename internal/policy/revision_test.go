package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

const whoIsTrusted = `one of group "system:masters" or anyone who may "use" roles.polymoat.io "core"`

// liveCore are a StatefulSet and a Deployment that are Polyaxon itself.
func liveCore() []policy.CoreWorkload {
	of := func(kind, name, app string) policy.CoreWorkload {
		return policy.CoreWorkload{
			Kind: schema.GroupKind{Group: "apps", Kind: kind}, Name: name, UID: types.UID("uid-" + name),
			Selector: labels.SelectorFromSet(labels.Set{"app": app}),
		}
	}
	return []policy.CoreWorkload{of("StatefulSet", "db", "db"), of("Deployment", "api", "api")}
}

func ownedBy(apiVersion, kind, name, uid string) []metav1.OwnerReference {
	refs := owned(apiVersion, kind, name)
	refs[0].UID = types.UID(uid)
	return refs
}

// revisionOf is a revision with a template that claims nothing.
func revisionOf(marks policy.Marks) policy.Workload {
	at := field.NewPath("data", "spec", "template")
	return policy.Workload{
		Namespace: "polyaxon", User: policy.UserInfo{Name: "tenant"}, Kind: "ControllerRevision",
		Resource: schema.GroupResource{Group: "apps", Resource: "controllerrevisions"}, Marks: marks, Core: liveCore(),
		Templates: []policy.Template{{At: at, Pod: other(), LabelAt: func(key string) *field.Path { return at.Child("metadata", "labels").Key(key) }}},
	}
}

// TestHistoryOfCore: what a tenant plants there becomes core's by `kubectl rollout undo`, however exact it is.
func TestHistoryOfCore(t *testing.T) {
	const owner = `controllerrevisions.apps "x" of role "other": metadata.ownerReferences makes it a revision of StatefulSet "db", which is Polyaxon's own, ` +
		`which user "tenant" is not trusted with; remove it, or have ` + whoIsTrusted + ` write it [core-claim]`
	const selected = `controllerrevisions.apps "x" of role "core": metadata.labels[app] "db" meets the selector of StatefulSet "db", which is Polyaxon's own, ` +
		`which user "tenant" is not trusted with; remove it, or have ` + whoIsTrusted + ` create it [core-claim]`
	for name, tc := range map[string]struct {
		marks policy.Marks
		want  string
	}{
		"of a tenant's StatefulSet":           {policy.Marks{Owners: ownedBy("apps/v1", "StatefulSet", "x", "u"), Labels: map[string]string{"app": "x"}}, ""},
		"of core's StatefulSet":               {policy.Marks{Owners: ownedBy("apps/v1", "StatefulSet", "db", "uid-db")}, owner},
		"of core's uid under another kind":    {policy.Marks{Owners: ownedBy("kubevirt.io/v1", "VirtualMachine", "db", "uid-db")}, owner},
		"of core's name and another uid":      {policy.Marks{Owners: ownedBy("apps/v1", "StatefulSet", "db", "earlier")}, ""},
		"an orphan with core's labels":        {policy.Marks{Labels: map[string]string{"app": "db", "more": "a"}}, selected},
		"of another kind, with core's labels": {policy.Marks{Owners: ownedBy("kubevirt.io/v1", "VirtualMachine", "vm", "v"), Labels: map[string]string{"app": "db"}}, selected},
	} {
		t.Run(name, func(t *testing.T) {
			p, w := compile(t, v1alpha1.Default()), revisionOf(tc.marks)
			if diff := cmp.Diff(tc.want, p.ValidateWorkload(w).Sentence("x")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			w.Old = &policy.Marks{Labels: map[string]string{"app": "x"}}
			if diff := cmp.Diff(tc.want, p.ValidateWorkload(w).Sentence("x")); diff != "" {
				t.Errorf("on update (-want +got):\n%s", diff)
			}
			for _, user := range []string{kube + "statefulset-controller", kube + "daemon-set-controller", "system:kube-controller-manager"} {
				w.User.Name = user
				if d := p.ValidateWorkload(w); d.Verdict != policy.Allowed {
					t.Errorf("refused to %s: %s", user, d.Sentence("x"))
				}
			}
			w.User, w.Trust = policy.UserInfo{Name: "tenant"}, policy.Trusted
			if d := p.ValidateWorkload(w); d.Verdict != policy.Allowed {
				t.Errorf("refused to who is trusted: %s", d.Sentence("x"))
			}
		})
	}
}

// TestOwnLabels: a Deployment adopts every ReplicaSet that it selects, with its template.
func TestOwnLabels(t *testing.T) {
	const want = `replicasets.apps "x" of role "core": metadata.labels[app] "api" meets the selector of Deployment "api", which is Polyaxon's own, ` +
		`which user "tenant" is not trusted with; remove it, or have ` + whoIsTrusted + ` create it [core-claim]`
	w := revisionOf(policy.Marks{Labels: map[string]string{"app": "api", "pod-template-hash": "1"}})
	w.Kind, w.Resource.Resource, w.Templates = "ReplicaSet", "replicasets", nil
	p := compile(t, v1alpha1.Default())
	if diff := cmp.Diff(want, p.ValidateWorkload(w).Sentence("x")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	w.Old = &policy.Marks{Labels: map[string]string{"app": "api"}}
	if d := p.ValidateWorkload(w); d.Verdict != policy.Allowed {
		t.Errorf("labels that met it before: %s", d.Sentence("x"))
	}
	w.Old = &policy.Marks{Labels: map[string]string{"app": "db"}}
	if diff := cmp.Diff(want, p.ValidateWorkload(w).Sentence("x")); diff != "" {
		t.Errorf("labels that met another one before (-want +got):\n%s", diff)
	}
	w.Old, w.User.Name, w.Owners = nil, kube+"deployment-controller", ownedBy("apps/v1", "Deployment", "api", "uid-api")
	if d := p.ValidateWorkload(w); d.Verdict != policy.Allowed {
		t.Errorf("the Deployment controller: %s", d.Sentence("x"))
	}
}

// TestStrangers: a controller makes pods of revisions, too. Its word is worth what the template of the owner claims.
func TestStrangers(t *testing.T) {
	p := compile(t, v1alpha1.Default())
	for name, tc := range map[string]struct {
		user, kind, name, uid string
		core                  []policy.CoreWorkload
		want                  string
	}{
		"of core's StatefulSet":     {"statefulset-controller", "StatefulSet", "db", "uid-db", liveCore(), ""},
		"of an earlier one":         {"statefulset-controller", "StatefulSet", "db", "earlier", liveCore(), `StatefulSet "db"`},
		"of a tenant's StatefulSet": {"statefulset-controller", "StatefulSet", "x", "u", liveCore(), `StatefulSet "x"`},
		"of a tenant's DaemonSet":   {"daemon-set-controller", "DaemonSet", "x", "u", []policy.CoreWorkload{}, `DaemonSet "x"`},
		"of a ReplicaSet":           {"replicaset-controller", "ReplicaSet", "x", "u", liveCore(), ""},
		"where no cluster is known": {"statefulset-controller", "StatefulSet", "x", "u", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			pod := mark{labels: map[string]string{"type": "polyaxon-core"}}.pod()
			pod.OwnerReferences = ownedBy("apps/v1", tc.kind, tc.name, tc.uid)
			r := policy.Request{Namespace: "polyaxon", User: policy.UserInfo{Name: kube + tc.user}, Pod: pod, Core: tc.core}
			want := tc.want
			if want != "" {
				want = `pods "a" of role "core": metadata.ownerReferences names ` + want + `, whose own template does not claim role "core": ` +
					`the pod is not from a core workload; delete the revision that it is made of, if it has one, and the pod, or have ` + whoIsTrusted + ` change the template [core-claim]`
			}
			if diff := cmp.Diff(want, p.Review(r).Sentence("a")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			r.Old = pod.DeepCopy()
			pod.Annotations = map[string]string{"a": "b"}
			if d := p.Validate(r); d.Verdict != policy.Allowed {
				t.Errorf("on update: %s", d.Sentence("a"))
			}
		})
	}
}

// TestModesOfClaims: no label of a run moves a claim of core into the mode of runs.
func TestModesOfClaims(t *testing.T) {
	warns := func(roles ...string) []v1alpha1.RuleMode {
		return []v1alpha1.RuleMode{{Mode: v1alpha1.Warn, Scope: v1alpha1.Scope{Roles: roles}}}
	}
	borrowed := with(job(), func(p *corev1.Pod) { p.Labels["type"] = "polyaxon-core" })
	patch := revisionOf(policy.Marks{})
	patch.Templates[0].Inexact = "is a patch"
	for name, tc := range map[string]struct {
		modes []v1alpha1.RuleMode
		want  policy.Verdict
	}{
		"runs are warned":      {warns("jobs", "other"), policy.Denied},
		"core is warned, too":  {warns("jobs", "other", "core"), policy.Allowed},
		"everybody is warned":  {warns(), policy.Allowed},
		"only core is warned":  {warns("core"), policy.Denied},
		"no entry is an order": {nil, policy.Denied},
	} {
		p := compile(t, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) { d.Spec.Modes = tc.modes })
		r := policy.Request{Namespace: "polyaxon", User: policy.UserInfo{Name: "tenant"}, Pod: borrowed}
		if d := p.Review(r); d.Verdict != tc.want || !d.ClaimsCore() {
			t.Errorf("%s, a borrowed claim: %s, %s", name, d.Verdict, d.Sentence("a"))
		}
		if d := p.ValidateWorkload(patch); d.Verdict != tc.want || !d.ClaimsCore() {
			t.Errorf("%s, a revision: %s, %s", name, d.Verdict, d.Sentence("a"))
		}
	}
}
