package e2e_test

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// withoutSchema are the kinds of other projects: their CRDs are not here.
var withoutSchema = []string{"cert-manager.io", "monitoring.coreos.com"}

// TestStrict: the API server itself takes everything that the chart renders, and knows every field of it. kubeconform
// would ask schemas that it downloads, and that know no rule beyond the shape.
func TestStrict(t *testing.T) {
	create(t, as(t, cluster.Admin), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: "strict-system", Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}})
	for name, args := range map[string][]string{
		"defaults":     nil,
		"cert-manager": {"--set=certificates.source=cert-manager,networkPolicy.enabled=true"},
		"files":        {"--set=certificates.source=files,webhookURL=https://polymoat.example.com,priorityClassName=,replicas=1,resources=null,imagePullSecrets[0].name=pull"},
		"self-managed": {"--set=certificates.source=self-managed,nodeSelector.disk=ssd,extraArgs[0]=--log-level=debug,clientCA.secretName=callers"},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := helm.Render(t.Context(), "strict", "strict-system", args...)
			if err != nil {
				t.Fatal(err)
			}
			for _, object := range decodeAll(t, text) {
				if !slices.Contains(withoutSchema, object.GroupVersionKind().Group) {
					takes(t, object)
				}
			}
		})
	}
}

// takes fails where the API server refuses an object, or drops a field of it.
func takes(t *testing.T, object *unstructured.Unstructured) {
	t.Helper()
	if object.GetKind() == "PriorityClass" { // it is there, whichever release made it
		object.SetName("strict-" + object.GetName())
	}
	strict := client.WithFieldValidation(as(t, cluster.Admin), metav1.FieldValidationStrict)
	if err := strict.Create(t.Context(), object, client.DryRunAll); err != nil {
		t.Errorf("%s %s: %v", object.GetKind(), object.GetName(), err)
	}
}

// TestStrictIsStrict: a field that does not exist is refused.
func TestStrictIsStrict(t *testing.T) {
	object := decodeAll(t, "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: default}, spec: {port: 1}}")[0]
	strict := client.WithFieldValidation(as(t, cluster.Admin), metav1.FieldValidationStrict)
	if err := strict.Create(t.Context(), object, client.DryRunAll); err == nil || !strings.Contains(err.Error(), `unknown field "spec.port"`) {
		t.Errorf("got %v", err)
	}
}
