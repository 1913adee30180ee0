package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e"
	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

// showStart shows the nodes that there are.
func (g *guide) showStart(ctx context.Context) error {
	admin, err := client.New(g.cluster.As(cluster.Admin), client.Options{})
	if err != nil {
		return err
	}
	var nodes corev1.NodeList
	if err := admin.List(ctx, &nodes); err != nil {
		return err
	}
	g.title("A real API server, scheduler and controllers, and polymoat")
	for _, node := range nodes.Items {
		taints := "no taint"
		for _, taint := range node.Spec.Taints {
			taints = "taint " + taint.ToString()
		}
		fmt.Fprintf(g.out, "  node %-15s %s\n", node.Name, taints)
	}
	return nil
}

// showWorkloads creates the workloads and shows where the scheduler put their pods.
func (g *guide) showWorkloads(ctx context.Context) error {
	workloads, err := e2e.Workloads()
	if err != nil {
		return err
	}
	decide, err := policy.New(v1alpha1.Default())
	if err != nil {
		return err
	}
	g.title("Pods as Polyaxon 0.2 to 2.16 creates them, bound by the scheduler")
	placed, err := e2e.Place(ctx, g.cluster, workloads)
	if err != nil {
		return err
	}
	slices.SortStableFunc(placed, func(a, b e2e.Placed) int {
		return cmp.Compare(slices.Index(v1alpha1.KnownRoles, a.Workload.Role), slices.Index(v1alpha1.KnownRoles, b.Workload.Role))
	})
	g.table(decide, placed)
	return nil
}

// table has two lines for each pod: reasons are longer than a column.
func (g *guide) table(decide *policy.Policy, placed []e2e.Placed) {
	fmt.Fprintf(g.out, "  %-39s %-13s %-15s %s\n      %s\n", "POD", "ROLE", "NODE", "UID", "WHY")
	for _, p := range placed {
		role, why := p.Explain(decide)
		fmt.Fprintf(g.out, "  %-39s %-13s %-15s %s\n%s\n",
			short(p.Pod.Name, 39), role, p.Pod.Spec.NodeName, p.UID(), wrap(why, "      ", 80))
		for _, fault := range p.Faults(decide) {
			g.fault("%s", fault)
		}
	}
}

// short cuts the middle out of a long name: its ends tell pods apart.
func short(name string, width int) string {
	if len(name) <= width {
		return name
	}
	tail := 12
	return name[:width-tail-1] + "~" + name[len(name)-tail:]
}
