package soak_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

func (l *load) admitted(ctx context.Context, _ int64) error {
	return l.create(ctx, l.train.DeepCopy(), client.DryRunAll)
}

// refused names a core node.
func (l *load) refused(ctx context.Context, _ int64) error {
	pod := l.train.DeepCopy()
	pod.Name, pod.Spec.NodeName = "stray", "core-1"
	err := l.tenant.Create(ctx, pod, client.DryRunAll)
	const want = `admission webhook "validate.polymoat.io" denied the request: pods "stray" of role "jobs": ` +
		`environment.nodeName is "core-1", which bypasses the scheduler and every taint; remove it and let the scheduler choose among nodes labelled polyaxon=experiments [node-name]`
	if err == nil || err.Error() != want {
		return fmt.Errorf("it is answered %w, not refused", err)
	}
	return nil
}

func (l *load) outOfScope(ctx context.Context, _ int64) error {
	pod := l.train.DeepCopy()
	pod.Namespace = "elsewhere"
	if err := l.admin.Create(ctx, pod, client.DryRunAll); err != nil {
		return err
	}
	if len(pod.Spec.NodeSelector) > 0 {
		return errors.New("a pod of another namespace was placed")
	}
	return nil
}

// changed writes a label of a pod that runs.
func (l *load) changed(ctx context.Context, n int64) error {
	patch := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"metadata":{"labels":{"turn":"%d"}}}`, n))
	return l.tenant.Patch(ctx, l.resident.DeepCopy(), patch)
}

// big is a pod of 30 containers and some 60 KB.
func (l *load) big(ctx context.Context, _ int64) error {
	pod := l.train.DeepCopy()
	main := pod.Spec.Containers[0]
	for i := range 29 {
		c := *main.DeepCopy()
		c.Name = fmt.Sprintf("worker-%d", i)
		c.Env = append(c.Env, corev1.EnvVar{Name: "SETTINGS", Value: strings.Repeat("polymoat", 200)})
		pod.Spec.Containers = append(pod.Spec.Containers, c)
	}
	return l.create(ctx, pod, client.DryRunAll)
}

func (l *load) job(ctx context.Context, _ int64) error {
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, GenerateName: "train-"}}
	job.Spec.Template = corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: l.train.Labels}, Spec: l.train.Spec}
	return l.tenant.Create(ctx, job, client.DryRunAll)
}

// real is a pod that is stored, and ends.
func (l *load) real(ctx context.Context, _ int64) error {
	pod := l.train.DeepCopy()
	if err := l.create(ctx, pod); err != nil {
		return err
	}
	return l.tenant.Delete(ctx, pod, client.GracePeriodSeconds(0))
}
