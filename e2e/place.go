package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// Placed is a pod that the scheduler has bound.
type Placed struct {
	Workload Workload
	Pod      corev1.Pod
	// Pool is the label "polyaxon" of the node that it was bound to; "plain" where there is none.
	Pool string
}

// Place creates the workloads, each as its creator, and waits until the scheduler has bound all their pods.
func Place(ctx context.Context, c *cluster.Cluster, workloads []Workload) ([]Placed, error) {
	for _, w := range workloads {
		if err := create(ctx, c, w); err != nil {
			return nil, fmt.Errorf("create %s: %w", w.Name, err)
		}
	}
	admin, err := client.New(c.As(cluster.Admin), client.Options{})
	if err != nil {
		return nil, err
	}
	var placed []Placed
	err = c.Await("bound pods", func(ctx context.Context) error {
		placed, err = bound(ctx, admin, workloads)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, Warnings(ctx, admin))
	}
	return placed, nil
}

func create(ctx context.Context, c *cluster.Cluster, w Workload) error {
	config := c.As(cluster.Admin)
	if w.As != "" {
		config = c.Impersonating(w.As)
	}
	creator, err := client.New(config, client.Options{})
	if err != nil {
		return err
	}
	return creator.Create(ctx, w.Object.DeepCopy())
}

// bound returns the pods of all workloads, or an error while one of them is not bound.
func bound(ctx context.Context, admin client.Client, workloads []Workload) ([]Placed, error) {
	var pods corev1.PodList
	if err := admin.List(ctx, &pods, client.InNamespace(cluster.Namespace)); err != nil {
		return nil, err
	}
	pools, err := poolsByNode(ctx, admin)
	if err != nil {
		return nil, err
	}
	var placed []Placed
	for _, w := range workloads {
		want, err := podCount(ctx, admin, w)
		if err != nil {
			return nil, err
		}
		mine := slices.DeleteFunc(slices.Clone(pods.Items), func(pod corev1.Pod) bool {
			return !w.Owns(pod) || pod.Spec.NodeName == ""
		})
		if len(mine) != want {
			return nil, fmt.Errorf("%s has %d bound pods, want %d", w.Name, len(mine), want)
		}
		for _, pod := range mine {
			placed = append(placed, Placed{Workload: w, Pod: pod, Pool: pools[pod.Spec.NodeName]})
		}
	}
	return placed, nil
}

func poolsByNode(ctx context.Context, admin client.Client) (map[string]string, error) {
	var nodes corev1.NodeList
	if err := admin.List(ctx, &nodes); err != nil {
		return nil, err
	}
	pools := map[string]string{}
	for _, node := range nodes.Items {
		pools[node.Name] = "plain"
		if pool, ok := node.Labels["polyaxon"]; ok {
			pools[node.Name] = pool
		}
	}
	return pools, nil
}

// Warnings are what controllers and the scheduler complained about: a pod that a Job may not create is seen nowhere else.
func Warnings(ctx context.Context, admin client.Client) error {
	var events corev1.EventList
	if err := admin.List(ctx, &events, client.InNamespace(cluster.Namespace)); err != nil {
		return err
	}
	var lines []string
	for _, event := range events.Items {
		if event.Type == corev1.EventTypeWarning {
			lines = append(lines, fmt.Sprintf("%s %s: %s", event.InvolvedObject.Kind, event.InvolvedObject.Name, event.Message))
		}
	}
	slices.Sort(lines)
	return errors.New(strings.Join(slices.Compact(lines), "\n"))
}
