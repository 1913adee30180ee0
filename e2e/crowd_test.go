package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/policy"
)

// together is how many requests are in flight: more do not make two cores faster.
const together = 8

// crowd makes so many pods of each role, placed as the policy says, and returns when kwok runs all of them. name is their
// namespace, and the scheduler that they wait for: the real one binds fifty a second. They have nodes of their own, so many
// in each node pool, on which nothing else runs: they are cordoned. They go with the test.
func crowd(t *testing.T, name string, p *policy.Policy, nodes int, counts map[string]int) {
	t.Helper()
	admin, scheduler := as(t, cluster.Admin), as(t, "system:kube-scheduler")
	t.Cleanup(func() { disperse(t, admin, name, nodes) })
	if err := admin.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
		t.Fatal(err)
	}
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(together)
	for _, node := range crowdNodes(name, nodes) {
		group.Go(func() error { return admin.Create(ctx, node) })
	}
	awaitAccount(t, admin, name)
	for role, n := range counts {
		for i := range n {
			group.Go(func() error { return join(ctx, admin, scheduler, placed(p, crowdPod(name, role, i)), i%nodes) })
		}
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	awaitRunning(t, admin, name)
}

// disperse removes a crowd and its nodes: other tests count both.
func disperse(t *testing.T, admin client.Client, name string, nodes int) {
	ctx, start := context.WithoutCancel(t.Context()), time.Now()
	defer func() { t.Logf("it was gone after %s", time.Since(start).Round(time.Millisecond)) }()
	for some := true; some; { // a request may take a minute, and tens of thousands take longer
		options := &client.DeleteAllOfOptions{ListOptions: client.ListOptions{Namespace: name, Limit: 2000}}
		client.GracePeriodSeconds(0).ApplyToDeleteAllOf(options)
		var left corev1.PodList
		err := errors.Join(admin.DeleteAllOf(ctx, &corev1.Pod{}, options), admin.List(ctx, &left, client.InNamespace(name), client.Limit(1)))
		if err != nil {
			t.Error(err)
			return
		}
		some = len(left.Items) > 0
	}
	for _, node := range crowdNodes(name, nodes) {
		if err := client.IgnoreNotFound(admin.Delete(ctx, node)); err != nil {
			t.Error(err)
		}
	}
}

// placed is the pod as the webhooks of the namespace would have stored it.
func placed(p *policy.Policy, pod *corev1.Pod) *corev1.Pod {
	return p.Review(policy.Request{Namespace: pod.Namespace, Pod: pod}).Pod
}

// join creates a pod and binds it to one of the crowd's nodes of its pool.
func join(ctx context.Context, creator, scheduler client.Client, pod *corev1.Pod, node int) error {
	if err := creator.Create(ctx, pod); err != nil {
		return err
	}
	binding := &corev1.Binding{Target: corev1.ObjectReference{Kind: "Node", Name: crowdNodeName(pod.Namespace, pod.Spec.NodeSelector["polyaxon"], node)}}
	return scheduler.SubResource("binding").Create(ctx, pod, binding)
}

func awaitAccount(t *testing.T, admin client.Client, name string) {
	t.Helper()
	err := control.Await("the crowd's service account", func(ctx context.Context) error {
		return admin.Get(ctx, client.ObjectKey{Namespace: name, Name: "default"}, &corev1.ServiceAccount{})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// awaitRunning asks for one pod that does not run, which costs less than to count those that do.
func awaitRunning(t *testing.T, admin client.Client, name string) {
	t.Helper()
	waiting := client.MatchingFieldsSelector{Selector: fields.OneTermNotEqualSelector("status.phase", string(corev1.PodRunning))}
	err := control.Await("running pods", func(ctx context.Context) error {
		var pods corev1.PodList
		if err := admin.List(ctx, &pods, client.InNamespace(name), waiting, client.Limit(1)); err != nil {
			return err
		}
		if len(pods.Items) > 0 {
			return errors.New("some are not running yet")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// crowdNodes are the nodes of a crowd, so many in each node pool.
func crowdNodes(name string, n int) (list []*corev1.Node) {
	for i := range n {
		list = append(list, crowdNode(name, "experiments", i), crowdNode(name, "builds", i))
	}
	return list
}

func crowdNodeName(name, pool string, i int) string { return fmt.Sprintf("%s-%s-%d", name, pool, i) }

// crowdNode is a node with room for all.
func crowdNode(name, pool string, i int) *corev1.Node {
	room := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("10k"), corev1.ResourceMemory: resource.MustParse("1Pi"), corev1.ResourcePods: resource.MustParse("10k"),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: crowdNodeName(name, pool, i), Labels: map[string]string{"polyaxon": pool}},
		Spec: corev1.NodeSpec{
			Unschedulable: true,
			Taints:        []corev1.Taint{{Key: "polyaxon", Value: pool, Effect: corev1.TaintEffectNoSchedule}},
		},
		Status: corev1.NodeStatus{Capacity: room, Allocatable: room},
	}
}

// marks are the labels by which Polyaxon's pods of a role are told.
var marks = map[string]map[string]string{
	"jobs":         {"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-jobs"},
	"services":     {"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-services"},
	"notebooks":    {"app": "polyaxon-notebook", "type": "polyaxon-runner", "role": "polyaxon-dashboard"},
	"experiments":  {"app": "polyaxon-experiment", "type": "polyaxon-runner", "role": "polyaxon-workers"},
	"tensorboards": {"app": "polyaxon-tensorboard", "type": "polyaxon-runner", "role": "polyaxon-dashboard"},
}

func crowdPod(name, role string, i int) *corev1.Pod {
	pod := plainPod(name)
	pod.Name = fmt.Sprintf("%s-%d", role, i)
	pod.Labels = maps.Clone(marks[role])
	pod.Spec.SchedulerName = name
	return pod
}
