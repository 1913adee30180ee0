package e2e_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

func TestDryRunRefusesTheSame(t *testing.T) {
	tenant := as(t, cluster.Tenant)
	for _, a := range attempts(t) {
		answer := a.Make(t.Context(), tenant, client.DryRunAll)
		if answer == nil || answer.Error() != a.Want {
			t.Errorf("%s: dry-run answers %v, want %s", a.Name, answer, a.Want)
		}
	}
}

func TestDryRunPlacesTheSameAndLeavesNothing(t *testing.T) {
	for _, w := range workloads(t) {
		t.Run(w.Name, func(t *testing.T) {
			pod, err := w.Pod()
			if err != nil {
				t.Fatal(err)
			}
			pod.Spec.AutomountServiceAccountToken = ptr.To(false) // the token's volume has a random name
			requester, tried := as(t, w.Requester()), pod.DeepCopy()
			if w.Requester() == "" || w.Role == v1alpha1.RoleCore { // controllers may claim core for pods with an owner only
				requester = as(t, cluster.Admin)
			}
			if err := requester.Create(t.Context(), tried, client.DryRunAll); err != nil {
				t.Fatal(err)
			}
			err = as(t, cluster.Admin).Get(t.Context(), client.ObjectKeyFromObject(pod), &corev1.Pod{})
			if client.IgnoreNotFound(err) != nil || err == nil {
				t.Fatalf("after the dry-run, the pod is there: %v", err)
			}
			create(t, requester, pod)
			if diff := cmp.Diff(pod.Spec, tried.Spec); diff != "" {
				t.Errorf("dry-run (-created +tried):\n%s", diff)
			}
		})
	}
}

// TestOverridesByDryRun: what a run may ask for with the built-in policy, and what it may not, is said beforehand, in the
// words of the page for data scientists.
func TestOverridesByDryRun(t *testing.T) {
	accepted, refused := decoded(t, read(t, "testdata/dryrun/asks-for-builds.yaml")), decoded(t, read(t, "testdata/dryrun/asks-for-core.yaml"))
	said, err := createWarned(t, control.As(cluster.Tenant), accepted)
	if err != nil {
		t.Fatal(err)
	}
	const placed = `polymoat.io/node-pool=builds: placed on node pool "builds" instead of "experiments"`
	if diff := cmp.Diff([]string{placed}, said); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	if selected, _, _ := unstructured.NestedString(accepted.Object, "spec", "nodeSelector", "polyaxon"); selected != "builds" {
		t.Errorf("placed on node pool %q", selected)
	}
	_, err = createWarned(t, control.As(cluster.Tenant), refused)
	const invalid = `pods "train" is invalid: environment.annotations[polymoat.io/node-pool]: Invalid value: "core": role "jobs" accepts "experiments", "builds"`
	if want := `admission webhook "validate.polymoat.io" denied the request: ` + invalid; message(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
	t.Setenv("KUBECONFIG", os.DevNull)
	_, explained, _ := offline("explain", "-f", "testdata/dryrun/asks-for-core.yaml")
	_, explained, _ = strings.Cut(explained, "  Verdict:")
	explained, _, _ = strings.Cut("  Verdict:"+explained, "  Changes:")
	for _, text := range []string{"Warning: " + placed + "\n", "The " + invalid + "\n", "\n" + explained + "```"} {
		if !strings.Contains(read(t, "../cmd/kubectl-polymoat/USERS.md"), text) {
			t.Errorf("the page does not say %s", text)
		}
	}
}
