// Package twin_test runs a real control plane with the native twin of the built-in policy, and no webhook.
package twin_test

import (
	"context"
	"errors"
	"flag"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/e2e"
	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/corpus"
)

// control is the control plane.
var control *cluster.Cluster

func TestMain(m *testing.M) {
	flag.Parse()
	cluster.Main("twin", cluster.Options{Needs: cluster.Twin}, func(_ context.Context, s cluster.Site) (int, error) {
		control = s.Control
		if err := install(); err != nil {
			return 0, err
		}
		return m.Run(), nil
	})
}

// install creates the twin, and lets everybody create pods.
func install() error {
	return errors.Join(e2e.InstallTwin(control, v1alpha1.Default()), control.Create(everybody("ClusterRole", map[string]any{"rules": []any{
		map[string]any{"apiGroups": []any{""}, "resources": []any{"pods"}, "verbs": []any{"create"}},
	}}), everybody("ClusterRoleBinding", map[string]any{
		"roleRef":  map[string]any{"apiGroup": rbacv1.GroupName, "kind": "ClusterRole", "name": "everybody"},
		"subjects": []any{map[string]any{"apiGroup": rbacv1.GroupName, "kind": "Group", "name": "system:authenticated"}},
	})))
}

func everybody(kind string, of map[string]any) *unstructured.Unstructured {
	object := &unstructured.Unstructured{Object: of}
	object.SetAPIVersion("rbac.authorization.k8s.io/v1")
	object.SetKind(kind)
	object.SetName("everybody")
	return object
}

// apart are cases that this cluster cannot show, and why.
var apart = map[string]string{
	"none-mirror-pod":                             "kubelets make mirror pods of their own static ones; none runs here",
	"none-other-namespace":                        "its service account is not there",
	"core-debugged":                               "ephemeral containers come by an update; the API server refuses them on creation",
	"job-forged-mirror":                           "the API server refuses it first: a mirror pod has no service account",
	"job-scheduling-group":                        "the API server drops the field: its feature gate is off",
	"job-with-polyaxons-account-by-the-old-field": "the API server writes the account into the new field as well",
}

// TestCorpus: every case of the built-in policy comes out of the API server with the twin alone as its golden file says,
// or is refused for a reason that native.Differences list.
func TestCorpus(t *testing.T) {
	cases, err := corpus.Cases()
	if err != nil {
		t.Fatal(err)
	}
	played, stricter := 0, 0
	for _, tc := range cases {
		if tc.PolicyName != corpus.DefaultPolicy || tc.Old != "" || apart[tc.Name] != "" {
			continue
		}
		played++
		t.Run(tc.Name, func(t *testing.T) {
			r, err := tc.Request()
			if err != nil {
				t.Fatal(err)
			}
			pod := r.Pod.DeepCopy()
			pod.Spec.AutomountServiceAccountToken = ptr.To(false) // the token's volume has a random name
			for i := range pod.OwnerReferences {
				pod.OwnerReferences[i].BlockOwnerDeletion = nil // the owner is not there
			}
			err = clientOf(t, tc).Create(t.Context(), pod, client.DryRunAll)
			switch {
			case tc.Deny != "" && err == nil:
				t.Errorf("is let in, and the webhook says %s", tc.Deny)
			case tc.Deny != "" && !refused(err):
				t.Errorf("is not refused by the twin: %v", err)
			case tc.Deny == "" && err != nil && strings.Contains(err.Error(), "overrides: ") && refused(err):
				stricter++
			case tc.Deny == "" && err != nil:
				t.Errorf("is refused: %v", err)
			case tc.Deny == "":
				golden := &corev1.Pod{}
				if err := yaml.Unmarshal([]byte(tc.Out), golden); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(given(golden), given(pod)); diff != "" {
					t.Errorf("placed (-golden +twin):\n%s", diff)
				}
			}
		})
	}
	t.Logf("%d cases, %d of them refused for their overrides", played, stricter)
	if played < len(cases)/2 {
		t.Errorf("%d of %d cases were played", played, len(cases))
	}
}

// refused says whether the twin refuses.
func refused(err error) bool {
	status := &apierrors.StatusError{}
	return errors.As(err, &status) && strings.Contains(err.Error(), "ValidatingAdmissionPolicy 'polymoat-") && !strings.Contains(err.Error(), "resulted in error")
}

func clientOf(t *testing.T, tc corpus.Case) client.Client {
	t.Helper()
	user := tc.User.Name
	if user == "" {
		user = "somebody"
	}
	config := control.Impersonating(user)
	config.Impersonate.Groups = tc.User.Groups
	c, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// given is what Mutate gives: the API server defaults much of the rest.
func given(pod *corev1.Pod) map[string]any {
	contexts := map[string]any{}
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for _, c := range list {
			contexts[c.Name] = c.SecurityContext
		}
	}
	security := pod.Spec.SecurityContext
	if security == nil {
		security = &corev1.PodSecurityContext{}
	}
	return map[string]any{
		"nodeSelector": pod.Spec.NodeSelector, "affinity": pod.Spec.Affinity, "tolerations": pod.Spec.Tolerations,
		"securityContext": *security, "containers": contexts,
	}
}
