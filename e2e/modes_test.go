package e2e_test

import (
	"context"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// warning is the namespace of testdata/policies/warned.yaml, which only warns of what runs do wrong.
const warning = "warned"

// TestModesFreeNoClaim: a mode that frees runs frees no claim of core.
func TestModesFreeNoClaim(t *testing.T) {
	askAbout(t, warning)
	create(t, as(t, cluster.Admin), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "everything", Namespace: warning},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: "joe"}},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "admin"},
	})
	joe := as(t, "joe")
	await(t, "joe's rights", func(ctx context.Context) error {
		return joe.Create(ctx, plainPod(warning), client.DryRunAll)
	})
	for name, labels := range map[string]map[string]string{
		"a run that is core, too": {"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-jobs", "type": "polyaxon-core"},
		"core that is a run, too": {"app.kubernetes.io/part-of": "polyaxon-core", "app.kubernetes.io/component": "polyaxon-jobs", "app.kubernetes.io/managed-by": "polyaxon"},
		"a run named like core":   {"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-jobs", "app.kubernetes.io/name": "polyaxon-polyaxon-api"},
	} {
		pod := plainPod(warning)
		pod.Name, pod.Labels = "moded", labels
		err := joe.Create(t.Context(), pod, client.DryRunAll)
		if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), `admission webhook "validate.warned.io" denied the request: `) {
			t.Errorf("%s: want a refusal: %v", name, err)
		}
	}
}
