package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// A pod of a namespace that the policy does not govern is stored as if polymoat were not there, even when the API
// server does ask about it.
func TestUngovernedNamespaceIsUntouched(t *testing.T) {
	askAbout(t, "overseen")
	want, got := store(t, "elsewhere"), store(t, "overseen")
	if diff := cmp.Diff(want, strings.ReplaceAll(got, "overseen", "elsewhere")); diff != "" {
		t.Errorf("stored pod (-without polymoat +with polymoat):\n%s", diff)
	}
}

// askAbout makes a namespace, and webhooks for it beside those that are installed. It returns once they are called.
func askAbout(t *testing.T, name string) {
	t.Helper()
	create(t, as(t, cluster.Admin), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
	askFromNowOn(t, name)
}

// askFromNowOn makes webhooks for a namespace that is there.
func askFromNowOn(t *testing.T, name string) {
	t.Helper()
	admin := as(t, cluster.Admin)
	mutate, validate := "mutate."+name+".io", "validate."+name+".io"
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: name}}
	meta := metav1.ObjectMeta{Name: name}

	installed, mutating := client.ObjectKey{Name: "polymoat"}, admissionregistrationv1.MutatingWebhookConfiguration{}
	if err := admin.Get(t.Context(), installed, &mutating); err != nil {
		t.Fatal(err)
	}
	mutating.Webhooks = mutating.Webhooks[:1]
	mutating.ObjectMeta, mutating.Webhooks[0].Name, mutating.Webhooks[0].NamespaceSelector = meta, mutate, selector
	create(t, admin, &mutating)

	validating := admissionregistrationv1.ValidatingWebhookConfiguration{}
	if err := admin.Get(t.Context(), installed, &validating); err != nil {
		t.Fatal(err)
	}
	validating.Webhooks = validating.Webhooks[:1]
	validating.ObjectMeta, validating.Webhooks[0].Name, validating.Webhooks[0].NamespaceSelector = meta, validate, selector
	create(t, admin, &validating)

	awaitCall(t, name, mutate)
	awaitCall(t, name, validate)
}

// awaitCall waits until the API server has called the webhook, as its metrics tell.
func awaitCall(t *testing.T, namespace, webhook string) {
	t.Helper()
	kube, err := kubernetes.NewForConfig(control.As(cluster.Admin))
	if err != nil {
		t.Fatal(err)
	}
	err = control.Await(webhook, func(ctx context.Context) error {
		if err := as(t, cluster.Admin).Create(ctx, plainPod(namespace), client.DryRunAll); err != nil {
			return err
		}
		metrics, err := kube.RESTClient().Get().AbsPath("/metrics").DoRaw(ctx)
		if err != nil || strings.Contains(string(metrics), fmt.Sprintf("name=%q", webhook)) {
			return err
		}
		return fmt.Errorf("was not called")
	})
	if err != nil {
		t.Fatal(err)
	}
}

// moments are what differs between any two pods.
var moments = regexp.MustCompile(`"(uid|creationTimestamp|time)":"[^"]*"`)

// store creates a pod by dry-run and returns the stored object as the API server sent it, without time and uid.
func store(t *testing.T, namespace string) string {
	t.Helper()
	kube, err := kubernetes.NewForConfig(control.As(cluster.Admin))
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(plainPod(namespace))
	if err != nil {
		t.Fatal(err)
	}
	stored, err := kube.CoreV1().RESTClient().Post().AbsPath("/api/v1/namespaces/"+namespace+"/pods").
		Param("dryRun", "All").SetHeader("Content-Type", "application/json").SetHeader("Accept", "application/json").
		Body(body).DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return moments.ReplaceAllString(string(stored), `"$1":""`)
}
