package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// refusedPod is a pod that names its node, called as controllers call theirs.
func refusedPod(name string) *corev1.Pod {
	pod := jobPod("")
	pod.GenerateName, pod.Spec.NodeName = name+"-", "core-1"
	return pod
}

// refusedJob is a Job with such pods.
func refusedJob(name string, suspended bool) *batchv1.Job {
	pod, job := refusedPod(name), &batchv1.Job{}
	job.Name, job.Namespace, job.Spec.Suspend = name, cluster.Namespace, ptr.To(suspended)
	job.Spec.Template.Labels, job.Spec.Template.Spec = pod.Labels, pod.Spec
	job.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
	return job
}

// podOf is a pod of a Job, as its controller would ask for it.
func podOf(job *batchv1.Job) *corev1.Pod {
	pod := refusedPod(job.Name)
	pod.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(job, batchv1.SchemeGroupVersion.WithKind("Job"))}
	return pod
}

func refuse(t *testing.T, c client.Client, pod *corev1.Pod, options ...client.CreateOption) {
	t.Helper()
	if err := c.Create(t.Context(), pod, options...); err == nil {
		t.Fatalf("%s is let in", pod.Name)
	}
}

// eventsAbout are polymoat's events about an object.
func eventsAbout(t *testing.T, uid types.UID) []corev1.Event {
	t.Helper()
	var events corev1.EventList
	about := client.MatchingFieldsSelector{Selector: fields.SelectorFromSet(fields.Set{"involvedObject.uid": string(uid), "reason": "PolymoatRefused"})}
	if err := as(t, cluster.Admin).List(t.Context(), &events, client.InNamespace(cluster.Namespace), about); err != nil {
		t.Fatal(err)
	}
	return events.Items
}

// awaitEvent waits until there is one event about an object, and it counts so many refusals.
func awaitEvent(t *testing.T, uid types.UID, least int32) corev1.Event {
	t.Helper()
	var event corev1.Event
	if err := control.Await("event", func(context.Context) error {
		events := eventsAbout(t, uid)
		if len(events) == 0 {
			return errors.New("there is none")
		}
		if event = events[0]; len(events) > 1 || event.Count < least {
			return fmt.Errorf("there are %d, the first with a count of %d", len(events), event.Count)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return event
}

// outcomes are how many refusals came to what, as the server counts them.
type outcomes map[string]int

var outcomeLine = regexp.MustCompile(`(?m)^polymoat_events_total\{outcome="(\w+)"\} (\d+)$`)

func eventOutcomes(t *testing.T) outcomes {
	t.Helper()
	text, err := control.Installed().Get(t.Context(), "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	n := outcomes{}
	for _, m := range outcomeLine.FindAllStringSubmatch(text, -1) {
		if n[m[1]], err = strconv.Atoi(m[2]); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func awaitOutcomes(t *testing.T, as func(outcomes) error) {
	t.Helper()
	if err := control.Await("events", func(context.Context) error { return as(eventOutcomes(t)) }); err != nil {
		t.Fatal(err)
	}
}
