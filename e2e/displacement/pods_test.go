package displacement_test

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// startCore makes two pods of core, of that class, in the place of those that are left, and waits until they run.
func startCore(t *testing.T, class string) {
	t.Helper()
	for _, pod := range coreThere(t.Context(), t) {
		gone(t, &pod)
	}
	for i := range 2 {
		pod := podOn("core", fmt.Sprintf("api-%d", i), coreLabels)
		pod.Spec.PriorityClassName = class
		if i == 0 {
			withCoreOwn(&pod.Spec)
		}
		await(t, "a new pod of core", func(ctx context.Context) error { return as(t, cluster.Admin).Create(ctx, pod.DeepCopy()) })
		await(t, "a pod of core that runs", func(ctx context.Context) error {
			if err := as(t, cluster.Admin).Get(ctx, client.ObjectKeyFromObject(pod), pod); err != nil || pod.Status.Phase != corev1.PodRunning {
				return fmt.Errorf("%s is %s: %w", pod.Name, pod.Status.Phase, err)
			}
			return nil
		})
	}
}

// coreThere are the pods of core that are there and not about to go.
func coreThere(ctx context.Context, t *testing.T) []corev1.Pod {
	t.Helper()
	var list corev1.PodList
	must(t, as(t, cluster.Admin).List(context.WithoutCancel(ctx), &list, client.InNamespace(cluster.Namespace), client.MatchingLabels(coreLabels)))
	var there []corev1.Pod
	for _, pod := range list.Items {
		if pod.DeletionTimestamp == nil {
			there = append(there, pod)
		}
	}
	return there
}

func podOn(pool, name string, labels map[string]string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: name, Labels: labels},
		Spec: corev1.PodSpec{
			AutomountServiceAccountToken: new(false), NodeSelector: map[string]string{"polyaxon": pool},
			Tolerations: []corev1.Toleration{{Key: "polyaxon", Value: pool, Operator: corev1.TolerationOpEqual, Effect: corev1.TaintEffectNoSchedule}},
			Containers:  []corev1.Container{{Name: "main", Image: "busybox:1.36"}},
		},
	}
}

// alone is a run on its own pool.
func alone(w way) *corev1.Pod {
	pod := podOn("experiments", w.name, map[string]string{"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-jobs"})
	pod.Spec.PriorityClassName = "batch"
	w.ask(&pod.Spec)
	return pod
}

// grouped is the run as the pod of a group.
func grouped(w way) *corev1.Pod {
	pod := alone(w)
	pod.Spec.SchedulingGroup = &corev1.PodSchedulingGroup{PodGroupName: &w.name}
	return pod
}

func try(ctx context.Context, t *testing.T, w way) error {
	t.Helper()
	return as(t, cluster.Tenant).Create(ctx, grouped(w), client.DryRunAll)
}

// attack makes the run and its group.
func attack(t *testing.T, w way) {
	t.Helper()
	group := &schedulingv1beta1.PodGroup{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: w.name}}
	group.Spec.SchedulingPolicy.Basic = &schedulingv1beta1.BasicSchedulingPolicy{}
	group.Spec.PriorityClassName = "batch"
	must(t, as(t, cluster.Admin).Create(t.Context(), group))
	must(t, as(t, cluster.Tenant).Create(t.Context(), grouped(w)))
}

// standing is what the scheduler says of the run.
func standing(ctx context.Context, t *testing.T, name string) string {
	t.Helper()
	var pod corev1.Pod
	if err := as(t, cluster.Admin).Get(context.WithoutCancel(ctx), types.NamespacedName{Namespace: cluster.Namespace, Name: name}, &pod); err != nil {
		return err.Error()
	}
	return fmt.Sprint(pod.Status.Phase, pod.Status.Conditions)
}

func remove(t *testing.T, name string) {
	t.Helper()
	meta := metav1.ObjectMeta{Namespace: cluster.Namespace, Name: name}
	gone(t, &corev1.Pod{ObjectMeta: meta})
	gone(t, &schedulingv1beta1.PodGroup{ObjectMeta: meta})
}

// gone deletes an object and waits until it is not there.
func gone(t *testing.T, object client.Object) {
	t.Helper()
	await(t, object.GetName()+" to be gone", func(ctx context.Context) error {
		err := as(t, cluster.Admin).Delete(ctx, object, client.GracePeriodSeconds(0))
		if apierrors.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("it is there: %w", err)
	})
}

func as(t *testing.T, user string) client.Client {
	t.Helper()
	c, err := client.New(control.As(user), client.Options{})
	must(t, err)
	return c
}

func await(t *testing.T, what string, ready func(context.Context) error) {
	t.Helper()
	must(t, control.Await(what, ready))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
