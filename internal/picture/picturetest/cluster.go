// Package picturetest makes clusters of any size to draw, always the same.
package picturetest

import (
	"fmt"
	"time"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/picture"
)

// kinds are the pods of runs, in turn: most of a cluster are jobs.
var kinds = []struct{ role, name, parent string }{
	{v1alpha1.RoleJobs, "plx-operation-%08x-main", "job.batch/plx-operation-%08x"},
	{v1alpha1.RoleJobs, "plx-operation-%08x-main", "job.batch/plx-operation-%08x"},
	{v1alpha1.RoleJobs, "plx-operation-%08x-main", "job.batch/plx-operation-%08x"},
	{v1alpha1.RoleNotebooks, "plx-operation-%08x-lab", "replicaset.apps/plx-operation-%08x"},
	{v1alpha1.RoleDistributed, "plx-operation-%08x-worker-0", "pytorchjob.kubeflow.org/plx-operation-%08x"},
	{v1alpha1.RoleServices, "plx-operation-%08x-service", "replicaset.apps/plx-operation-%08x"},
	{v1alpha1.RoleTensorboards, "plx-operation-%08x-board", "replicaset.apps/plx-operation-%08x"},
}

var (
	owners   = []string{"jane", "ada", "grace", "alan"}
	projects = []string{"mnist", "speech", "churn", "pricing", "search"}
)

// Cluster is a cluster with so many nodes, at least six, and about ten pods on each. It has node pools of the built-in
// policy, nodes without one, pods that wait, and nothing that should not be there: Spoil puts that in.
func Cluster(nodes int) *picture.Map {
	m := &picture.Map{Cluster: "https://polyaxon.example.com:6443", Taken: time.Date(2026, time.March, 9, 8, 30, 0, 0, time.UTC)}
	core, builds, rest := max(1, nodes/50)+1, max(1, nodes/10), max(1, nodes/100)
	m.Pools = []picture.Pool{
		{Name: "core", Label: "polyaxon=core", Protected: true, Nodes: makeNodes("core", core, corePods)},
		{Name: "experiments", Label: "polyaxon=experiments", Nodes: makeNodes("experiments", nodes-core-builds-rest, runPods)},
		{Name: "builds", Label: "polyaxon=builds", Nodes: makeNodes("builds", builds, buildPods)},
		{Nodes: makeNodes("shared", rest, systemPods)},
	}
	m.Pools[1].Nodes[len(m.Pools[1].Nodes)-1].Notes = []string{"cordoned"}
	for i := range max(1, nodes/100) {
		m.Waiting = append(m.Waiting, run(1<<28+i))
	}
	m.Sort()
	return m
}

// Spoil puts pods onto protected nodes that are not allowed there, and one that only says that it is core.
func Spoil(m *picture.Map) *picture.Map {
	nodes := m.Pools[0].Nodes
	for i := range min(2, len(nodes)) {
		pod := run(1<<24 + i)
		pod.Mark, pod.Because = picture.Misplaced, fmt.Sprintf("role %q may not use node pool \"core\"", pod.Role)
		nodes[i].Pods = append(nodes[i].Pods, pod)
	}
	last := &nodes[len(nodes)-1]
	last.Pods = append(last.Pods, picture.Pod{
		Namespace: "polyaxon", Name: "debug", Role: v1alpha1.RoleCore, Mark: picture.Unproven, Because: "it has no controller",
	})
	m.Sort()
	return m
}

func makeNodes(pool string, n int, pods func(i int) []picture.Pod) []picture.Node {
	nodes := make([]picture.Node, n)
	for i := range nodes {
		nodes[i] = picture.Node{Name: fmt.Sprintf("%s-%d", pool, i+1), Pods: append(pods(i), systemPods(i)...)}
	}
	return nodes
}

func corePods(i int) []picture.Pod {
	var pods []picture.Pod
	for _, name := range []string{"api", "gateway", "scheduler", "postgresql", "redis"} {
		pods = append(pods, picture.Pod{
			Namespace: "polyaxon", Name: fmt.Sprintf("polyaxon-%s-%d", name, i), Role: v1alpha1.RoleCore,
			Parent: "replicaset.apps/polyaxon-" + name,
		})
	}
	return pods
}

// runPods are those of one node: between five and fifteen, of several kinds of nodes more than are drawn.
func runPods(i int) []picture.Pod {
	var pods []picture.Pod
	for j := range 5 + i*5%11 {
		pods = append(pods, run(i*16+j))
	}
	return pods
}

func run(i int) picture.Pod {
	kind := kinds[i%len(kinds)]
	return picture.Pod{
		Namespace: "polyaxon", Name: fmt.Sprintf(kind.name, i), Role: kind.role, Parent: fmt.Sprintf(kind.parent, i),
		Owner: owners[i%len(owners)], Project: projects[i%len(projects)],
	}
}

func buildPods(i int) []picture.Pod {
	var pods []picture.Pod
	for j := range 1 + i%3 {
		pod := run(1<<20 + i*4 + j)
		pod.Role = v1alpha1.RoleBuilds
		pods = append(pods, pod)
	}
	return pods
}

func systemPods(i int) []picture.Pod {
	var pods []picture.Pod
	for _, name := range []string{"kube-proxy", "node-exporter"} {
		pods = append(pods, picture.Pod{
			Namespace: "kube-system", Name: fmt.Sprintf("%s-%05x", name, i), Parent: "daemonset.apps/" + name,
		})
	}
	return pods
}
