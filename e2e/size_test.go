package e2e_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// jobPod is a pod of role jobs.
func jobPod(name string) *corev1.Pod {
	pod := plainPod(cluster.Namespace)
	pod.Name = name
	pod.Labels = map[string]string{
		"app.kubernetes.io/part-of":    "polyaxon-runs",
		"app.kubernetes.io/managed-by": "polyaxon",
		"app.kubernetes.io/component":  "polyaxon-jobs",
	}
	return pod
}

// The API server takes requests of up to 3 MiB, and etcd objects of half that size: dry-run goes nearly all the way.
func TestPodOfThreeMebibytes(t *testing.T) {
	pod := jobPod("large")
	pod.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "LARGE", Value: strings.Repeat("polymoat", (3<<20-8<<10)/8)}}
	if err := as(t, cluster.Tenant).Create(t.Context(), pod, client.DryRunAll); err != nil {
		t.Fatal(err)
	}
	if got := pod.Spec.NodeSelector["polyaxon"]; got != "experiments" {
		t.Errorf("placed on %q, want experiments", got)
	}
}

func TestPodOfFiveHundredContainers(t *testing.T) {
	pod := jobPod("many")
	pod.Spec.Containers = nil
	for i := range 500 {
		container := corev1.Container{Name: fmt.Sprintf("c%d", i), Image: "busybox:1.36"}
		pod.Spec.Containers = append(pod.Spec.Containers, container)
	}
	create(t, as(t, cluster.Tenant), pod)
	for _, c := range pod.Spec.Containers {
		if c.SecurityContext == nil || *c.SecurityContext.AllowPrivilegeEscalation {
			t.Errorf("container %s may escalate", c.Name)
		}
	}
	err := control.Await("binding", func(ctx context.Context) error {
		if err := as(t, cluster.Tenant).Get(ctx, client.ObjectKeyFromObject(pod), pod); err != nil {
			return err
		}
		if !strings.HasPrefix(pod.Spec.NodeName, "experiments-") {
			return fmt.Errorf("the pod is on node %q", pod.Spec.NodeName)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// What is small as text and large in memory is not decided on: whoever creates it reads why, and the replicas live.
func TestPodOfManyTolerations(t *testing.T) {
	pod := jobPod("many-tolerations")
	pod.Spec.Tolerations = slices.Repeat([]corev1.Toleration{{Key: "a"}}, 240_000)
	err := as(t, cluster.Tenant).Create(t.Context(), pod, client.DryRunAll)
	const want = `Internal error occurred: failed calling webhook "validate.polymoat.io": failed to call webhook: ` +
		`polymoat: the review takes more memory than there is for one (N objects and N values of it take 64 MiB); make the object smaller`
	if err == nil || regexp.MustCompile(`\d+ (objects|values)`).ReplaceAllString(err.Error(), "N $1") != want {
		t.Errorf("the answer is %v, want %s", err, want)
	}
}

// It is the API server that refuses a pod without containers, in its own words: polymoat does not get in between.
func TestPodOfNoContainers(t *testing.T) {
	pod := jobPod("none")
	pod.Spec.Containers = nil
	err := as(t, cluster.Tenant).Create(t.Context(), pod)
	want := `Pod "none" is invalid: spec.containers: Required value`
	if !apierrors.IsInvalid(err) || err.Error() != want {
		t.Errorf("the answer is %v, want %s", err, want)
	}
}
