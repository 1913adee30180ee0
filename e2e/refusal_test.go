package e2e_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e"
	"github.com/polymoat/polymoat/e2e/cluster"
)

func attempts(t *testing.T) []e2e.Attempt {
	t.Helper()
	all, err := e2e.Attempts()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestRefusals(t *testing.T) {
	tenant := as(t, cluster.Tenant)
	for _, a := range attempts(t) {
		t.Run(a.Name, func(t *testing.T) {
			answer := a.Make(t.Context(), tenant)
			if answer == nil {
				removeAfter(t, a.Pod)
				t.Fatalf("%s: was not refused", a.Try)
			}
			if !apierrors.IsForbidden(answer) {
				t.Errorf("the answer is no 403: %v", answer)
			}
			if *update {
				a.Want = answer.Error()
				if err := os.WriteFile(sentenceFile(a), []byte(a.Want+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(a.Want, answer.Error()); diff != "" {
				t.Errorf("sentence (-want +got):\n%s", diff)
			}
		})
	}
}

func sentenceFile(a e2e.Attempt) string { return "testdata/attempts/" + a.Name + ".txt" }

// What a user sees of a Job whose pods are refused is an event: it must hold the whole sentence.
func TestRefusedJobSaysWhy(t *testing.T) {
	attempt := attempts(t)[0]
	pod := &corev1.Pod{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(attempt.Pod.Object, pod); err != nil {
		t.Fatal(err)
	}
	job := &batchv1.Job{}
	job.Name, job.Namespace = "refused", cluster.Namespace
	job.Spec.Template.Labels, job.Spec.Template.Spec = pod.Labels, pod.Spec
	job.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
	create(t, as(t, cluster.Tenant), job)
	_, sentence, _ := strings.Cut(attempt.Want, `pods "`+pod.Name)
	err := control.Await("the Job's event", func(ctx context.Context) error {
		return findEvent(ctx, as(t, cluster.Tenant), job.Name, sentence)
	})
	if err != nil {
		t.Error(err)
	}
}

// findEvent returns nil when an event about the named object contains the text.
func findEvent(ctx context.Context, c client.Client, name, text string) error {
	var events corev1.EventList
	if err := c.List(ctx, &events, client.InNamespace(cluster.Namespace)); err != nil {
		return err
	}
	var messages []string
	for _, event := range events.Items {
		if event.InvolvedObject.Name != name {
			continue
		}
		if strings.Contains(event.Message, text) {
			return nil
		}
		messages = append(messages, event.Message)
	}
	return fmt.Errorf("no event of %s says %q; they say %q", name, text, messages)
}
