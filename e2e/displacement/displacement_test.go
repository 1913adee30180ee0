package displacement_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// TestDisplacement: a run evicts core that it never lands near. A plain pod does not, nor does anything once core has its
// priority; polymoat refuses it until then.
func TestDisplacement(t *testing.T) {
	prepare(t)
	startCore(t, "")
	if err := as(t, cluster.Tenant).Create(t.Context(), alone(ways[0])); err != nil {
		t.Fatal(err)
	}
	waits(t, ways[0])
	remove(t, ways[0].name)
	for _, w := range ways {
		startCore(t, "")
		attack(t, w)
		if w.evicts {
			evicted(t, w)
		} else {
			waits(t, w)
		}
		remove(t, w.name)
	}

	startCore(t, "above") // by hand: nobody is asked yet
	for _, w := range ways {
		spared(t, w)
	}

	startCore(t, "")
	installed(t)
	refused(t)

	startCore(t, "")
	for _, pod := range coreThere(t.Context(), t) {
		if pod.Spec.PriorityClassName != "polyaxon-core" || ptr.Deref(pod.Spec.Priority, 0) < 1_000_000 {
			t.Fatalf("%s has priority %d of class %q", pod.Name, ptr.Deref(pod.Spec.Priority, -1), pod.Spec.PriorityClassName)
		}
	}
	for _, w := range ways {
		if !w.starves && !w.runs { // those are refused by rules of their own
			await(t, "a run that is let through", func(ctx context.Context) error { return try(ctx, t, w) })
			spared(t, w)
		}
	}
	starving(t)
}

// starving sees that the ReadWriteOncePod claim of a core Deployment is refused to a run that evicts nobody.
func starving(t *testing.T) {
	t.Helper()
	template := podOn("core", "", map[string]string{"app": "keeper", "app.kubernetes.io/part-of": "polyaxon-core"})
	withCoreOwn(&template.Spec)
	keeper := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "keeper"}, Spec: appsv1.DeploymentSpec{
		Replicas: new(int32(0)), Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "keeper"}},
		Template: corev1.PodTemplateSpec{ObjectMeta: template.ObjectMeta, Spec: template.Spec},
	}}
	must(t, as(t, cluster.Admin).Create(t.Context(), keeper))
	const want = `: spec.volumes[0].persistentVolumeClaim.claimName is "state", a ReadWriteOncePod claim of the pods of ` +
		`Deployment "keeper"; name another claim [displacement]: core's own pods could not start while the pod has it`
	await(t, "a refusal of the claim", func(ctx context.Context) error {
		for _, w := range ways {
			if w.name != "claim" {
				continue
			}
			if err := as(t, cluster.Tenant).Create(ctx, alone(w), client.DryRunAll); !strings.Contains(fmt.Sprint(err), want) {
				return fmt.Errorf("got %w", err)
			}
		}
		return nil
	})
	gone(t, keeper)
}

// spared sees that the run takes nothing from core.
func spared(t *testing.T, w way) {
	t.Helper()
	attack(t, w)
	waits(t, w)
	remove(t, w.name)
}

// refused waits until polymoat knows what there is, and sees that it refuses every run.
func refused(t *testing.T) {
	t.Helper()
	await(t, "a refusal", func(ctx context.Context) error {
		if err := try(ctx, t, ways[0]); err == nil || !strings.Contains(err.Error(), "[priority-class]") {
			return fmt.Errorf("got %w", err)
		}
		return nil
	})
	for _, w := range ways {
		err := try(t.Context(), t, w)
		for _, rule := range []string{"priority-class", "scheduling-group", "displacement"} {
			wanted := w.evicts || rule != "displacement"
			if wanted && !strings.Contains(fmt.Sprint(err), "["+rule+"]") {
				t.Errorf("%s is not refused by %s: %v", w.name, rule, err)
			}
		}
	}
}

func evicted(t *testing.T, w way) {
	t.Helper()
	await(t, "the eviction of core by "+w.name, func(ctx context.Context) error {
		if len(coreThere(ctx, t)) == 2 {
			return fmt.Errorf("core is there; the run: %s", standing(ctx, t, w.name))
		}
		return nil
	})
}

// waits sees that the scheduler has looked at the run, and that core is there.
func waits(t *testing.T, w way) {
	t.Helper()
	await(t, "the scheduler to look at "+w.name, func(ctx context.Context) error {
		text := standing(ctx, t, w.name)
		if w.runs && !strings.HasPrefix(text, string(corev1.PodRunning)) || !w.runs && !strings.Contains(text, corev1.PodReasonUnschedulable) {
			return errors.New(text)
		}
		return nil
	})
	if there := len(coreThere(t.Context(), t)); there != 2 {
		t.Errorf("%s: %d pods of core are left", w.name, there)
	}
}
