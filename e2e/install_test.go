package e2e_test

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// TestReplicasStandApart: both replicas of install.yaml run on core nodes, and not on the same one.
func TestReplicasStandApart(t *testing.T) {
	nodes := map[string]bool{}
	err := control.Await("two replicas that run", func(ctx context.Context) error {
		var pods corev1.PodList
		if err := as(t, cluster.Admin).List(ctx, &pods, client.InNamespace(cluster.System)); err != nil {
			return err
		}
		clear(nodes)
		for _, pod := range pods.Items {
			if pod.Status.Phase == corev1.PodRunning {
				nodes[pod.Spec.NodeName] = true
			}
		}
		if len(pods.Items) != 2 || len(nodes) != 2 {
			return fmt.Errorf("%d pods run on %v", len(pods.Items), nodes)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !nodes["core-1"] || !nodes["core-2"] {
		t.Errorf("the replicas run on %v", nodes)
	}
}
