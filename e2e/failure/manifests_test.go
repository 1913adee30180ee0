package failure_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// TestManifests installs and uninstalls manifests/install.yaml with what kubectl does, as manifests/README.md says, while runs are
// created all the time. None is refused, and nothing is left.
func TestManifests(t *testing.T) {
	withoutNamespace(t)
	before := inventory(t)
	l := lifecycle{newRelease(t), t, startLoad(t)}
	text, err := helm.InstallYAML(t.Context(), "--set=webhookURL="+l.service.url())
	must(t, err)
	l.load.awaitMore(t, 100)
	l.step("install, fail open", false, func(t *testing.T) {
		apply(t, strings.ReplaceAll(text, "failurePolicy: Fail", "failurePolicy: Ignore"))
		l.serve(t)
	}, none)
	l.step("install, fail closed", true, func(t *testing.T) {
		apply(t, text)
		failsClosed(t)
	}, none)
	l.step("uninstall", false, func(t *testing.T) { l.deleteAll(t, text) }, none)
	l.load.stop()
	nothingLeft(t, before)
}

// withoutNamespace removes polymoat's own namespace, which the manifests bring, for the test's time.
func withoutNamespace(t *testing.T) {
	t.Helper()
	admin, namespace := as(t, cluster.Admin), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: cluster.System}}
	must(t, admin.Delete(t.Context(), namespace))
	awaitGone(t, namespace)
	t.Cleanup(func() { must(t, createNamespace(context.WithoutCancel(t.Context()))) })
}

// apply is `kubectl apply --server-side -f`.
func apply(t *testing.T, text string) {
	t.Helper()
	admin := as(t, cluster.Admin)
	for _, object := range decode(t, text) {
		must(t, admin.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(object), client.FieldOwner("kubectl")))
	}
}

// deleteAll is `kubectl delete -f`: all objects in their order, and then the end of each. Servers are told to stop as soon
// as their Deployment is gone.
func (l lifecycle) deleteAll(t *testing.T, text string) {
	t.Helper()
	admin, objects := as(t, cluster.Admin), decode(t, text)
	for _, object := range objects {
		must(t, client.IgnoreNotFound(admin.Delete(t.Context(), object, client.PropagationPolicy("Background"))))
		if object.GetKind() == "Deployment" {
			l.retire()
		}
	}
	for _, object := range objects {
		awaitGone(t, object)
	}
	l.awaitEnds()
}

func awaitGone(t *testing.T, object client.Object) {
	t.Helper()
	admin := as(t, cluster.Admin)
	await(t, "the end of "+object.GetName(), func() error {
		err := admin.Get(t.Context(), client.ObjectKeyFromObject(object), object)
		if err == nil {
			return errors.New("it is there")
		}
		return client.IgnoreNotFound(err)
	})
}

func decode(t *testing.T, text string) []*unstructured.Unstructured {
	t.Helper()
	objects, err := cluster.Decode(text)
	must(t, err)
	if !slices.ContainsFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetKind() == "Deployment" }) {
		t.Fatal("there is no Deployment")
	}
	return objects
}
