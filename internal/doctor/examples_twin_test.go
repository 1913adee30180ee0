package doctor

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/native"
)

var ofTwin = map[string][]example{
	"twin": {
		{"of another policy", func(t *testing.T, f *Facts) {
			t.Helper()
			p := v1alpha1.Default()
			p.Spec.NodeNameUsers = []string{"jane"}
			addTwin(f, p)
		}},
		{"in parts, and one of a policy that is gone", func(t *testing.T, f *Facts) {
			t.Helper()
			gone := v1alpha1.Default()
			gone.Metadata.Name = "gone"
			addTwin(f, v1alpha1.Default())
			f.JudgeBindings = f.JudgeBindings[:1]
			f.Add(native.Compile(gone).Mutating[0].DeepCopy())
		}},
	},
}

func addTwin(f *Facts, policies ...*v1alpha1.PlacementPolicy) {
	t := native.Compile(policies...)
	for _, o := range append(t.MutatingObjects(), t.ValidatingObjects()...) {
		f.Add(o.(runtime.Object))
	}
}

// TestTwin: the twin of the policy in the cluster is well, and with it webhooks may fail open.
func TestTwin(t *testing.T) {
	f := healthy(t)
	addTwin(f, v1alpha1.Default())
	f.Validating[0].Webhooks[0].FailurePolicy = new(admissionregistrationv1.Ignore)
	const want = `info webhook-drift: Webhook "validate.polymoat.io" of ValidatingWebhookConfiguration "polymoat" has failurePolicy Ignore, and was shipped with Fail. ` +
		`While polymoat does not answer, the native twin alone decides. Fix: kubectl apply --server-side --force-conflicts -f manifests/install.yaml # or what it was installed from`
	checks := slices.DeleteFunc(slices.Clone(Checks), func(c Check) bool { return !slices.Contains([]string{"twin", "webhook-drift", "later-mutation"}, c.ID) })
	if diff := cmp.Diff([]string{want}, texts(Examine(f, checks))); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}
