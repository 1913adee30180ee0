package e2e_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// refused tells whether polymoat refuses an attack. Where it does not, the test has failed; it goes on, to say what follows.
func refused(t *testing.T, answer error) bool {
	t.Helper()
	switch {
	case answer == nil:
		t.Error("the API server takes it")
		return false
	case !strings.Contains(answer.Error(), `.polymoat.io" denied the request: `):
		t.Fatalf("want a refusal of polymoat's: %v", answer)
	}
	return true
}

// awaitPod waits for a pod, and where a pool is named until it is bound there.
func awaitPod(t *testing.T, name, pool string) *corev1.Pod {
	t.Helper()
	pod := &corev1.Pod{}
	if err := control.Await("pod "+name, func(ctx context.Context) error {
		err := as(t, cluster.Admin).Get(ctx, client.ObjectKey{Namespace: cluster.Namespace, Name: name}, pod)
		if err == nil && pool != "" && !strings.HasPrefix(pod.Spec.NodeName, pool+"-") {
			err = fmt.Errorf("it is on node %q", pod.Spec.NodeName)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return pod
}

// ended waits until an object is no more: the next test may make it again.
func ended(t *testing.T, object client.Object, name string) {
	t.Helper()
	if err := control.Await("the end of "+name, func(ctx context.Context) error {
		err := as(t, cluster.Admin).Get(ctx, client.ObjectKey{Namespace: cluster.Namespace, Name: name}, object)
		if err == nil {
			return fmt.Errorf("%s is still there", name)
		}
		return client.IgnoreNotFound(err)
	}); err != nil && !apierrors.IsNotFound(err) {
		t.Error(err)
	}
}
