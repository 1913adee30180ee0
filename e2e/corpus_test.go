package e2e_test

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/corpus"
)

// TestCorpus creates the pod of every case that plays in the cluster's own set-up, by dry-run and for real: what is stored
// is the same to the byte, and is what the golden file says, which is what the plugin says; so is every refusal.
func TestCorpus(t *testing.T) {
	everybodyMayCreatePods(t)
	cases, err := corpus.Cases()
	if err != nil {
		t.Fatal(err)
	}
	played := 0
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
			pod, deny := r.Pod, strings.TrimSuffix(tc.Deny, "\n")
			if generate := pod.GenerateName; generate != "" { // what the API server adds to it is random
				pod.Name, pod.GenerateName = generate+"0", ""
				deny = strings.Replace(deny, strconv.Quote(generate), strconv.Quote(pod.Name), 1)
			}
			pod.Spec.AutomountServiceAccountToken = ptr.To(false) // the token's volume has a random name
			for i := range pod.OwnerReferences {
				// Of an owner that is not there: the controller-manager would wait for it with a finalizer.
				pod.OwnerReferences[i].BlockOwnerDeletion = nil
			}
			c := caseClient(t, tc)
			tried, created := pod.DeepCopy(), pod.DeepCopy()
			refused := c.Create(t.Context(), tried, client.DryRunAll)
			refusedForReal := c.Create(t.Context(), created)
			if refusedForReal == nil {
				removeAfter(t, created)
			}
			if diff := cmp.Diff(sentence(t, refused), sentence(t, refusedForReal)); diff != "" {
				t.Errorf("refusal (-tried +created):\n%s", diff)
			}
			if diff := cmp.Diff(deny, sentence(t, refused)); diff != "" {
				t.Fatalf("refusal (-golden +tried):\n%s", diff)
			}
			if refused != nil {
				return
			}
			if diff := cmp.Diff(stored(t, created), stored(t, tried)); diff != "" {
				t.Errorf("stored (-created +tried):\n%s", diff)
			}
			golden := &corev1.Pod{}
			if err := yaml.Unmarshal([]byte(tc.Out), golden); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(given(golden), given(tried)); diff != "" {
				t.Errorf("placed (-golden +tried):\n%s", diff)
			}
		})
	}
	if played < len(cases)/2 {
		t.Errorf("%d of %d cases were played", played, len(cases))
	}
}

// apart are cases that this cluster cannot show, and why.
var apart = map[string]string{
	"none-mirror-pod":                             "kubelets make mirror pods of their own static ones; none runs here",
	"none-other-namespace":                        "its service account is not there",
	"classic-core-daemonset":                      "the DaemonSet that it names is not there",
	"classic-core-postgresql":                     "the StatefulSet that it names is not there",
	"v2.15-core-redis":                            "the StatefulSet that it names is not there",
	"core-debugged":                               "ephemeral containers come by an update; the API server refuses them on creation",
	"job-forged-mirror":                           "the API server refuses it first: a mirror pod has no service account",
	"job-with-polyaxons-account-by-the-old-field": "the API server writes the account into the new field as well",
	"job-with-an-apparmor-annotation-unconfined":  "the API server writes the profile into the container's field as well",
	"job-many-reasons":                            "the node that it names is known here, with more labels than the golden file says",
}

// everybodyMayCreatePods gives every user the right that the cases take for granted.
func everybodyMayCreatePods(t *testing.T) {
	t.Helper()
	meta := metav1.ObjectMeta{Name: "everybody"}
	create(t, as(t, cluster.Admin), &rbacv1.ClusterRole{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"create"}},
	}})
	create(t, as(t, cluster.Admin), &rbacv1.ClusterRoleBinding{
		ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "everybody"},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: "system:authenticated"}},
	})
}

// caseClient asks as the user of the case; as somebody unknown where it has none.
func caseClient(t *testing.T, tc corpus.Case) client.Client {
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

// sentence is what polymoat says to a refused user; empty to one who is not.
func sentence(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	_, text, found := strings.Cut(err.Error(), "denied the request: ")
	if status := (&apierrors.StatusError{}); !found || !errors.As(err, &status) {
		t.Fatalf("not refused by polymoat: %v", err)
	}
	return text
}

// stored is the pod without what is made up anew each time.
func stored(t *testing.T, pod *corev1.Pod) string {
	t.Helper()
	pod = pod.DeepCopy()
	pod.UID, pod.ResourceVersion, pod.CreationTimestamp, pod.ManagedFields = "", "", metav1.Time{}, nil
	text, err := json.MarshalIndent(pod, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// given is what polymoat decides about a pod.
func given(pod *corev1.Pod) map[string]any {
	spec := pod.Spec
	found := map[string]any{
		"nodeSelector": spec.NodeSelector, "tolerations": spec.Tolerations, "affinity": spec.Affinity,
		"nodeName": spec.NodeName, "securityContext": spec.SecurityContext,
	}
	for _, c := range append(spec.InitContainers, spec.Containers...) {
		found["securityContext of "+c.Name] = c.SecurityContext
	}
	return found
}
