package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e"
	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/siege"
)

// besieged makes what a siege needs, and returns its workloads.
func besieged(t *testing.T) []e2e.Workload {
	t.Helper()
	workloads, beside, err := e2e.Besieged()
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range beside {
		create(t, as(t, cluster.Admin), object)
	}
	for _, w := range workloads {
		removeAfter(t, w.Object)
	}
	if _, err := e2e.Place(t.Context(), control, workloads); err != nil {
		t.Fatal(err)
	}
	return workloads
}

// TestSiegeForReal creates every pod of the siege that is let in, and lets the scheduler and the controllers have the last
// word: none of them ends on a core node, and core's pods are the same as before.
func TestSiegeForReal(t *testing.T) {
	workloads := besieged(t)
	before := besiegedCore(t, workloads)
	config := control.As(cluster.Tenant)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return forReal{next} })
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeSiege(t) })
	err = siege.Run(t.Context(), siege.Options{
		Server: siege.Server{Client: httpClient, Host: config.Host}, Policy: v1alpha1.Default(), Namespace: cluster.Namespace, User: cluster.Tenant,
	}, func(siege.Result) {})
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	err = control.Await("the scheduler's word on every pod", func(ctx context.Context) error {
		pods := siegePods(ctx, t)
		tried = len(pods)
		for _, pod := range pods {
			if !decided(&pod) {
				return fmt.Errorf("nothing is known of pod %s yet", pod.Name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if tried < 10 {
		t.Errorf("only %d pods were let in: this shows nothing", tried)
	}
	nothingButCore(t, workloads)
	if diff := cmp.Diff(before, besiegedCore(t, workloads)); diff != "" {
		t.Errorf("core's pods, by name and uid (-before +after):\n%s", diff)
	}
}

// besiegedCore are the uids of the pods of core's workloads, by name.
func besiegedCore(t *testing.T, workloads []e2e.Workload) map[string]types.UID {
	t.Helper()
	var pods corev1.PodList
	if err := as(t, cluster.Admin).List(t.Context(), &pods, client.InNamespace(cluster.Namespace)); err != nil {
		t.Fatal(err)
	}
	uids := map[string]types.UID{}
	for _, pod := range pods.Items {
		if isCore(pod, workloads) && pod.GenerateName != "siege-" {
			uids[pod.Name] = pod.UID
		}
	}
	return uids
}

// forReal turns a dry-run creation of a pod into a real one, under a name of its own.
type forReal struct{ next http.RoundTripper }

func (f forReal) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/pods") {
		return f.next.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var pod map[string]any
	if err := json.Unmarshal(body, &pod); err != nil {
		return nil, err
	}
	metadata, _ := pod["metadata"].(map[string]any)
	delete(metadata, "name")
	metadata["generateName"] = "siege-"
	if body, err = json.Marshal(pod); err != nil {
		return nil, err
	}
	created := r.Clone(r.Context())
	created.URL.RawQuery, created.Body, created.ContentLength = "", io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return f.next.RoundTrip(created)
}

// decided says whether a scheduler has bound the pod or said why not. One of the tenant's own choosing never comes.
func decided(pod *corev1.Pod) bool {
	if pod.Spec.NodeName != "" || pod.Spec.SchedulerName != corev1.DefaultSchedulerName {
		return true
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return true
		}
	}
	return false
}

func siegePods(ctx context.Context, t *testing.T) []corev1.Pod {
	t.Helper()
	var all corev1.PodList
	if err := as(t, cluster.Admin).List(ctx, &all, client.InNamespace(cluster.Namespace)); err != nil {
		t.Fatal(err)
	}
	var pods []corev1.Pod
	for _, pod := range all.Items {
		if pod.GenerateName == "siege-" {
			pods = append(pods, pod)
		}
	}
	return pods
}

func removeSiege(t *testing.T) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	for _, pod := range siegePods(ctx, t) {
		if err := client.IgnoreNotFound(as(t, cluster.Admin).Delete(ctx, &pod, client.GracePeriodSeconds(0))); err != nil {
			t.Error(err)
		}
	}
}
