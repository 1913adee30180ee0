package e2e_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// refusedSentence is what is said of a pod that names its node, by what its name begins with.
const refusedSentence = `pods "%s-" of role "jobs": environment.nodeName is "core-1", which bypasses the scheduler and every taint; ` +
	`remove it and let the scheduler choose among nodes labelled polyaxon=experiments [node-name]`

// TestEvents: the Operation whose pod is refused says so, once, with a count; of what was only tried it says nothing.
func TestEvents(t *testing.T) {
	createPolyaxonKinds(t)
	tried, triedJob := operationWithJob(t, "tried", true)
	operation, job := operationWithJob(t, "told", false)
	tenant := as(t, cluster.Tenant)
	refuse(t, tenant, podOf(triedJob), client.DryRunAll)
	first := awaitEvent(t, operation.GetUID(), 1)
	for range 3 {
		refuse(t, tenant, podOf(job))
	}
	counted := awaitEvent(t, operation.GetUID(), first.Count+3)
	if first.Name != counted.Name {
		t.Errorf("another event was written: %s and %s", first.Name, counted.Name)
	}
	want := corev1.Event{
		InvolvedObject: corev1.ObjectReference{
			APIVersion: "core.polyaxon.com/v1", Kind: "Operation", Namespace: cluster.Namespace, Name: "told", UID: operation.GetUID(),
		},
		Type: "Warning", Reason: "PolymoatRefused", Message: fmt.Sprintf(refusedSentence, "told"),
		Source: corev1.EventSource{Component: "polymoat"}, ReportingController: "polymoat",
	}
	got := corev1.Event{
		InvolvedObject: counted.InvolvedObject, Type: counted.Type, Reason: counted.Reason, Message: counted.Message,
		Source: counted.Source, ReportingController: counted.ReportingController,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
	// Refusals are told in their order: the one that was tried came first.
	for _, uid := range []types.UID{tried.GetUID(), triedJob.UID, job.GetUID()} {
		if events := eventsAbout(t, uid); len(events) != 0 {
			t.Errorf("%s %s is told, too: %s", events[0].InvolvedObject.Kind, events[0].InvolvedObject.Name, events[0].Message)
		}
	}
}

// TestEventsOfDeployments: a Deployment is told, and its ReplicaSet not again, for its controller does. So does that of a Job.
func TestEventsOfDeployments(t *testing.T) {
	d := &appsv1.Deployment{}
	pod := refusedPod("served")
	d.Name, d.Namespace, d.Spec.Replicas = "served", cluster.Namespace, ptr.To[int32](1)
	d.Spec.Selector, d.Spec.Template.Labels, d.Spec.Template.Spec = &metav1.LabelSelector{MatchLabels: pod.Labels}, pod.Labels, pod.Spec
	create(t, as(t, cluster.Tenant), d)
	if got := awaitEvent(t, d.UID, 1).Message; !strings.HasPrefix(got, `pods "served-`) || !strings.Contains(got, `" of role "jobs": environment.nodeName is "core-1"`) {
		t.Errorf("it says %s", got)
	}
	job := refusedJob("alone", false)
	create(t, as(t, cluster.Tenant), job)
	if err := control.Await("the Job's own event", func(ctx context.Context) error {
		return findEvent(ctx, as(t, cluster.Tenant), job.Name, `" of role "jobs": environment.nodeName is "core-1"`)
	}); err != nil {
		t.Error(err)
	}
	awaitOutcomes(t, func(n outcomes) error {
		if n["told"] == 0 {
			return fmt.Errorf("no refusal was told by the controller itself: %v", n)
		}
		return nil
	})
	if events := eventsAbout(t, job.UID); len(events) != 0 {
		t.Errorf("the Job is told twice: %s", events[0].Message)
	}
}

// operationWithJob is a Job of an Operation, both of that name; its pods are refused. A suspended Job makes none.
func operationWithJob(t *testing.T, name string, suspended bool) (client.Object, *batchv1.Job) {
	t.Helper()
	operation := polyaxonResource("core.polyaxon.com/v1", "Operation", name, nil, nil)
	operation.SetNamespace(cluster.Namespace)
	operation.SetName(name)
	create(t, as(t, cluster.Tenant), operation)
	job := refusedJob(name, suspended)
	job.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(operation, operation.GroupVersionKind())}
	create(t, as(t, cluster.Tenant), job)
	return operation, job
}
