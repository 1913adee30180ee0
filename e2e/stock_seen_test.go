package e2e_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// sightings are the pods of the namespace polyaxon that came up during a test, those of hooks among them, which go again
// at once. Workloads are named by kind: "Job/polyaxon-sync-db".
type sightings struct {
	sync.Mutex
	pods   map[types.UID]*corev1.Pod
	wanted map[string]bool
}

// watchPods begins to watch, until the test ends.
func watchPods(t *testing.T) *sightings {
	t.Helper()
	admin, err := client.NewWithWatch(control.As(cluster.Admin), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var before corev1.PodList
	if err := admin.List(t.Context(), &before, client.InNamespace(cluster.Namespace)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	since := &client.ListOptions{Namespace: cluster.Namespace, Raw: &metav1.ListOptions{ResourceVersion: before.ResourceVersion}}
	w, err := admin.Watch(ctx, &corev1.PodList{}, since)
	if err != nil {
		t.Fatal(err)
	}
	s := &sightings{pods: map[types.UID]*corev1.Pod{}, wanted: map[string]bool{}}
	var watching sync.WaitGroup
	watching.Go(func() {
		for event := range w.ResultChan() {
			if pod, ok := event.Object.(*corev1.Pod); ok {
				s.note(pod)
			}
		}
	})
	t.Cleanup(func() { cancel(); w.Stop(); watching.Wait() })
	return s
}

func (s *sightings) note(pod *corev1.Pod) {
	s.Lock()
	defer s.Unlock()
	s.pods[pod.UID] = pod
}

func (s *sightings) expect(workload string) { s.wanted[workload] = true }

// judge fails for every wanted workload without a bound pod, and for every pod of one that is bound elsewhere. Those of a
// DaemonSet are on the nodes whose taints its template tolerates: its controller asks before polymoat can.
func (s *sightings) judge(t *testing.T) {
	t.Helper()
	s.Lock()
	defer s.Unlock()
	missing := maps.Clone(s.wanted)
	for _, pod := range s.pods {
		workload := workloadOf(pod)
		if !s.wanted[workload] || pod.Spec.NodeName == "" {
			continue
		}
		delete(missing, workload)
		if !onCore(pod) && !strings.HasPrefix(workload, "DaemonSet/") {
			t.Errorf("%s: pod %s was bound to %s", workload, pod.Name, pod.Spec.NodeName)
		}
	}
	if len(missing) > 0 {
		t.Errorf("no pod was bound: %q", slices.Sorted(maps.Keys(missing)))
	}
}

func onCore(pod *corev1.Pod) bool { return strings.HasPrefix(pod.Spec.NodeName, "core-") }

// workloadOf is the workload that a controller made the pod for.
func workloadOf(pod *corev1.Pod) string {
	owner := metav1.GetControllerOf(pod)
	if owner == nil {
		return ""
	}
	if name, ok := strings.CutSuffix(owner.Name, "-"+pod.Labels["pod-template-hash"]); ok && owner.Kind == "ReplicaSet" {
		return "Deployment/" + name
	}
	return owner.Kind + "/" + owner.Name
}
