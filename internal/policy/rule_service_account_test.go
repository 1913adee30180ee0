package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

// runs are workloads of core and the accounts that they run as.
var runs = []policy.CoreWorkload{
	{Kind: schema.GroupKind{Group: "apps", Kind: "ReplicaSet"}, Name: "polyaxon-agent-5d8", ServiceAccount: "agent"},
	{Kind: schema.GroupKind{Group: "apps", Kind: "Deployment"}, Name: "polyaxon-streams", ServiceAccount: "agent"},
	{Kind: schema.GroupKind{Group: "apps", Kind: "Deployment"}, Name: "polyaxon-agent", ServiceAccount: "agent"},
	{Kind: schema.GroupKind{Group: "apps", Kind: "StatefulSet"}, Name: "polyaxon-redis", ServiceAccount: "default"},
	{Kind: schema.GroupKind{Group: "apps", Kind: "StatefulSet"}, Name: "polyaxon-postgresql"},
}

// TestServiceAccounts: whatever the policy names an account for, runs and other pods may not use it, nor core's.
func TestServiceAccounts(t *testing.T) {
	elsewhere := v1alpha1.Default()
	elsewhere.Metadata.Name, elsewhere.Spec.Namespaces = "elsewhere", []string{"elsewhere"}
	elsewhere.Spec.BindingUsers = []string{"system:serviceaccount:polyaxon:neighbour"}
	doc := v1alpha1.Default()
	doc.Spec.CoreTrust.Users = []string{"jane", "system:serviceaccount:polyaxon:helm", "system:serviceaccount:polyaxon:default"}
	doc.Spec.CoreTrust.ServiceAccounts = []string{"flux", "elsewhere/argo"}
	doc.Spec.NodeNameUsers = []string{"system:serviceaccount:polyaxon:names-nodes"}
	doc.Spec.BindingUsers = []string{"system:serviceaccount:polyaxon:binds", "system:serviceaccount:other:binds-elsewhere"}
	doc.Spec.DebugUsers = []string{"system:serviceaccount:polyaxon:debugs", "system:serviceaccount"}
	p, err := policy.New(doc, elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	named := "an account that the policy names in "
	for account, want := range map[string]string{
		"polyaxon-polyaxon-serviceaccount": named + "requesters",
		"helm":                             named + "coreTrust", "flux": named + "coreTrust", "names-nodes": named + "nodeNameUsers",
		"binds": named + "bindingUsers", "debugs": named + "debugUsers", "neighbour": named + "bindingUsers",
		"agent": `the account of core's Deployment "polyaxon-agent"`,
		"":      "", "default": "", "jane": "", "argo": "", "binds-elsewhere": "", "polyaxon-polyaxon-runs-sa": "",
	} {
		t.Run(account, func(t *testing.T) {
			wanted := ""
			if want != "" {
				wanted = `pods "a" of role "other": spec.serviceAccountName is "` + account + `", which role "other" may not use; ` +
					`remove it or name another account [service-account]: it is ` + want
			}
			pod := with(other(), func(pod *corev1.Pod) { pod.Spec.ServiceAccountName = account })
			r := policy.Request{Namespace: "polyaxon", Pod: pod, Core: runs}
			if diff := cmp.Diff(wanted, p.Validate(r).Sentence("a")); diff != "" {
				t.Errorf("sentence (-want +got):\n%s", diff)
			}
			r.Pod = with(other(), func(core *corev1.Pod) {
				core.Labels, core.Spec = map[string]string{"type": "polyaxon-core"}, pod.Spec
			})
			r.Trust = policy.Trusted
			if d := p.Validate(r); d.Verdict != policy.Allowed {
				t.Errorf("core is refused it: %s", d.Sentence("a"))
			}
			r.Pod, r.Old, r.Trust = pod, pod, policy.NotTrusted
			if d := p.Validate(r); d.Verdict != policy.Allowed {
				t.Errorf("a pod that was there before is refused: %s", d.Sentence("a"))
			}
		})
	}
}

// TestServiceAccountsOfTemplates: the author of a workload is told of its pods' account early.
func TestServiceAccountsOfTemplates(t *testing.T) {
	p := compile(t, v1alpha1.Default())
	d := p.ValidateWorkload(policy.Workload{
		Namespace: "polyaxon", User: policy.UserNamed("tenant"), Kind: "Deployment", Core: runs,
		Templates: []policy.Template{{
			At:      field.NewPath("spec", "template"),
			Pod:     with(other(), func(pod *corev1.Pod) { pod.Spec.DeprecatedServiceAccount = "agent" }),
			Creator: policy.UserNamed("system:serviceaccount:kube-system:replicaset-controller"),
			LabelAt: func(string) *field.Path { return nil },
		}},
	})
	want := []string{`spec.template: its pods of role "other" will be refused: spec.serviceAccount is "agent", ` +
		`which role "other" may not use; remove it or name another account [service-account]: it is the account of core's Deployment "polyaxon-agent"`}
	if diff := cmp.Diff(want, d.Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

// TestOldExperiments: the pods of Polyaxon 0.1 and 0.2 keep the account that they always had, if it asks for them itself.
func TestOldExperiments(t *testing.T) {
	const platform, prefix = "polyaxon-polyaxon-serviceaccount", "system:serviceaccount:polyaxon:"
	p := compile(t, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) {
		d.Spec.Requesters = append(d.Spec.Requesters, prefix+"second")
	})
	first := map[string]string{"type": "polyaxon-experiment", "task_type": "master"}
	second := map[string]string{"type": "polyaxon-runner", "app": "polyaxon-experiment"}
	for name, tc := range map[string]struct {
		labels  map[string]string
		user    string
		account string
		allowed bool
	}{
		"0.1":                          {first, prefix + platform, platform, true},
		"0.2":                          {second, prefix + platform, platform, true},
		"a job of 0.2":                 {map[string]string{"type": "polyaxon-runner", "app": "polyaxon-job"}, prefix + platform, platform, false},
		"0.4":                          {map[string]string{"type": "polyaxon-runner", "app": "polyaxon-experiment", "app.kubernetes.io/part-of": "polyaxon-runner"}, prefix + platform, platform, false},
		"from somebody else":           {second, "tenant", platform, false},
		"from another such account":    {second, prefix + "second", platform, false},
		"one that core alone runs as":  {second, prefix + "agent", "agent", false},
		"an account that asks in vain": {second, "", platform, false},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{Namespace: "polyaxon", Name: "a", Labels: tc.labels},
				Spec:       corev1.PodSpec{ServiceAccountName: tc.account, Containers: []corev1.Container{{Name: "main", Image: "python"}}},
			}
			r := policy.Request{Namespace: "polyaxon", User: policy.UserNamed(tc.user), Pod: pod, Core: runs}
			d := p.Review(r)
			if got := d.Verdict == policy.Allowed; got != tc.allowed {
				t.Fatalf("allowed %t, want %t: %s", got, tc.allowed, d.Sentence("a"))
			}
			warning := `the experiment runs as "polyaxon-polyaxon-serviceaccount", the account of Polyaxon itself, and may do what Polyaxon may; ` +
				`Polyaxon 0.3 and later give experiments an account of their own`
			if tc.allowed && !cmp.Equal([]string{warning}, d.Warnings) {
				t.Errorf("warnings are %q", d.Warnings)
			}
			if r.Old = pod; tc.allowed && len(p.Validate(r).Warnings) > 0 {
				t.Error("an update is warned as well")
			}
		})
	}
}
