// Package twin_test runs a real control plane with the native twins of the corpus' policies, one after the other, and no
// webhook.
package twin_test

import (
	"context"
	"errors"
	"flag"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/corpus"
	"github.com/polymoat/polymoat/internal/native"
)

// control is the control plane.
var control *cluster.Cluster

func TestMain(m *testing.M) {
	flag.Parse()
	cluster.Main("twin", cluster.Options{Needs: cluster.Twin}, func(_ context.Context, s cluster.Site) (int, error) {
		control = s.Control
		if err := letEverybodyCreatePods(); err != nil {
			return 0, err
		}
		return m.Run(), nil
	})
}

func letEverybodyCreatePods() error {
	return control.Create(everybody("ClusterRole", map[string]any{"rules": []any{
		map[string]any{"apiGroups": []any{""}, "resources": []any{"pods"}, "verbs": []any{"create"}},
	}}), everybody("ClusterRoleBinding", map[string]any{
		"roleRef":  map[string]any{"apiGroup": rbacv1.GroupName, "kind": "ClusterRole", "name": "everybody"},
		"subjects": []any{map[string]any{"apiGroup": rbacv1.GroupName, "kind": "Group", "name": "system:authenticated"}},
	}))
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
	"levels-apparmor-annotation":                  "the API server writes the profile into the container's field as well",
	"job-with-polyaxons-account-by-the-old-field": "the API server writes the account into the new field as well",
}

// TestCorpus: every case comes out of the API server with the twin of its policy alone as its golden file says, or
// otherwise for a reason that native.Differences list.
func TestCorpus(t *testing.T) {
	cases, err := corpus.Cases()
	if err != nil {
		t.Fatal(err)
	}
	byPolicy := map[string][]corpus.Case{}
	played := 0
	for _, tc := range cases {
		// A pod is created now, whatever day a case plays on. e2e/native tries those, and updates.
		if tc.Old == "" && tc.Today == 0 && apart[tc.Name] == "" {
			byPolicy[tc.PolicyName] = append(byPolicy[tc.PolicyName], tc)
			played++
		}
	}
	for name, cases := range byPolicy {
		t.Run(name, func(t *testing.T) {
			install(t, name, cases)
			for _, tc := range cases {
				t.Run(tc.Name, func(t *testing.T) { play(t, tc) })
			}
		})
	}
	t.Logf("%d of %d cases were played, by %d policies", played, len(cases), len(byPolicy))
	if played < len(cases)*9/10 {
		t.Errorf("%d of %d cases were played, want nine of ten", played, len(cases))
	}
}

func play(t *testing.T, tc corpus.Case) {
	t.Helper()
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
		for _, rule := range violated(tc.Deny) {
			if !isListed(rule, native.NotThere) {
				t.Errorf("is let in, and the webhook says %s", tc.Deny)
			}
		}
	case tc.Deny != "":
		if !refused(err) {
			t.Errorf("is not refused by the twin: %v", err)
		}
	case err != nil:
		if rule := refusedBy(err); !isListed(rule, native.Stricter) {
			t.Errorf("is refused by %q, which is not listed as stricter: %v", rule, err)
		}
		t.Logf("stricter: %v", err)
	default:
		golden := &corev1.Pod{}
		if err := yaml.Unmarshal([]byte(tc.Out), golden); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(given(golden), given(pod)); diff != "" {
			t.Errorf("placed (-golden +twin):\n%s", diff)
		}
	}
}

func isListed(rule string, is native.Likeness) bool {
	return slices.ContainsFunc(native.Differences, func(d native.Difference) bool { return d.Rule == rule && d.Is == is })
}

var violation = regexp.MustCompile(` \[([a-z-]+)\](?:[:.\n]|$)`)

// violated are the rules that the webhook's sentence names; the sentence itself where it names none.
func violated(sentence string) []string {
	var rules []string
	for _, m := range violation.FindAllStringSubmatch(sentence, -1) {
		rules = append(rules, m[1])
	}
	if len(rules) == 0 {
		return []string{sentence}
	}
	return rules
}

var refusal = regexp.MustCompile(`ValidatingAdmissionPolicy 'polymoat-[^']+' with binding '[^']+' denied request: ([a-z-]+): `)

// refusedBy is the rule of the twin that refuses; empty where something else does.
func refusedBy(err error) string {
	status := &apierrors.StatusError{}
	if m := refusal.FindStringSubmatch(err.Error()); m != nil && errors.As(err, &status) {
		return m[1]
	}
	return ""
}

// refused says whether the twin refuses.
func refused(err error) bool { return refusedBy(err) != "" }

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
	var tolerations []corev1.Toleration
	for _, t := range pod.Spec.Tolerations {
		if t.Key != corev1.TaintNodeNotReady && t.Key != corev1.TaintNodeUnreachable { // the API server adds these
			tolerations = append(tolerations, t)
		}
	}
	return map[string]any{
		"nodeSelector": pod.Spec.NodeSelector, "affinity": pod.Spec.Affinity, "tolerations": tolerations,
		"securityContext": *security, "containers": contexts,
	}
}
