package cluster

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
	"pgregory.net/rapid"

	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/landing/landingtest"
)

// TestCensusAgreesWithEveryNode: whatever nodes come, change and go, the groups say that none takes a pod exactly when
// none of the nodes does, one by one, and they count every node once.
func TestCensusAgreesWithEveryNode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		choose := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "choice") }
		c, truth := newCensus(), map[string]landing.Node{}
		c.limit = 1 + choose(8) // so that labels are found to be individual
		handler := c.handler()
		for range choose(30) {
			node := generate(choose)
			switch choose(4) {
			case 0:
				delete(truth, node.Name)
				handler.OnDelete(cache.DeletedFinalStateUnknown{Key: node.Name, Obj: packed(t, node)})
			case 1:
				delete(truth, node.Name)
				handler.OnDelete(packed(t, node))
			case 2:
				truth[node.Name] = asScheduled(node)
				handler.OnAdd(packed(t, node), false)
			default:
				truth[node.Name] = asScheduled(node)
				handler.OnUpdate(packed(t, node), packed(t, node))
			}
		}
		pod := landingtest.Constraints(choose)
		if choose(4) == 3 {
			pod.NodeSelector = map[string]string{corev1.LabelHostname: generate(choose).Name}
		}
		compare(t, c, truth, pod, int64(choose(3)))
	})
}

func compare(t *rapid.T, c *census, truth map[string]landing.Node, pod landing.Constraints, gpus int64) {
	t.Helper()
	const gpu = "nvidia.com/gpu"
	lands, count := 0, 0
	for g := range c.groupsFor(pod) {
		count += g.Count
		if landing.NewSearch(pod).Lands(g.Node) && g.Node.Extended[gpu] >= gpus {
			lands += g.Count
		}
	}
	want := 0
	for _, node := range truth {
		if landing.Lands(pod, node) && node.Extended[gpu] >= gpus {
			want++
		}
	}
	if lands != want || count != len(truth) {
		t.Fatalf("the pod lands on %d of %d nodes, the census says %d of %d", want, len(truth), lands, count)
	}
}

// generate makes a node that may be cordoned, with or without the taint that the node controller adds.
func generate(choose landingtest.Choose) *corev1.Node {
	n := landingtest.Node(choose)
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: n.Name, Labels: n.Labels}, Spec: corev1.NodeSpec{Taints: n.Taints}}
	node.Labels[corev1.LabelHostname] = n.Name
	if gpus := choose(4); gpus > 0 { // also 0, as of a plugin that is gone
		node.Status.Allocatable = corev1.ResourceList{
			"nvidia.com/gpu": *resource.NewQuantity(int64(gpus-1), resource.DecimalSI), "cpu": resource.MustParse("3500m"),
		}
	}
	node.Spec.Unschedulable = choose(3) == 2
	if node.Spec.Unschedulable && choose(2) == 1 {
		node.Spec.Taints = append(node.Spec.Taints, landing.Cordoned())
	}
	return node
}

// asScheduled is the node by the scheduler's rules, and owes nothing to the code under test.
func asScheduled(full *corev1.Node) landing.Node {
	node := landing.Node{Name: full.Name, Labels: full.Labels, Taints: full.Spec.Taints, Extended: map[string]int64{}}
	for name, quantity := range full.Status.Allocatable {
		node.Extended[string(name)] = quantity.Value()
	}
	if full.Spec.Unschedulable {
		unschedulable := corev1.Taint{Key: "node.kubernetes.io/unschedulable", Effect: "NoSchedule"}
		node.Taints = append(slices.Clone(node.Taints), unschedulable)
	}
	return node
}

func packed(t interface{ Fatal(...any) }, full *corev1.Node) *node {
	stripped, err := strip(full)
	if err != nil {
		t.Fatal(err)
	}
	return stripped.(*node)
}

// TestCensusFindsIndividualLabels: a label with a value for each node does not make as many shapes of the nodes.
func TestCensusFindsIndividualLabels(t *testing.T) {
	c := newCensus()
	for i := range 2 * mostShapes {
		c.set(packed(t, stamped(i)))
	}
	if got := len(c.shapes); got != 3 {
		t.Errorf("%d shapes, want one for each zone", got)
	}
	requires := func(key string, operator corev1.NodeSelectorOperator, values ...string) landing.Constraints {
		return landing.Constraints{Affinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
			NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: key, Operator: operator, Values: values}}}},
		}}}
	}
	for name, tc := range map[string]struct {
		pod  landing.Constraints
		want int
	}{
		"by zone":                {landing.Constraints{NodeSelector: map[string]string{"zone": "a"}}, 3},
		"by a stamp of one":      {landing.Constraints{NodeSelector: map[string]string{"stamp": "7"}}, 3 + 1},
		"by a stamp of none":     {landing.Constraints{NodeSelector: map[string]string{"stamp": "a"}}, 3},
		"by host":                {landing.Constraints{NodeSelector: map[string]string{corev1.LabelHostname: "node-7"}}, 3 + 1},
		"by name":                {landing.Constraints{NodeName: "node-7"}, 3 + 1},
		"on one of two hosts":    {requires(corev1.LabelHostname, corev1.NodeSelectorOpIn, "node-7", "node-8"), 3 + 2},
		"not on two hosts":       {requires(corev1.LabelHostname, corev1.NodeSelectorOpNotIn, "node-7", "node-8"), 3 + 2},
		"with any stamp":         {requires("stamp", corev1.NodeSelectorOpExists), 2 * mostShapes},
		"with stamps in a range": {requires("stamp", corev1.NodeSelectorOpLt, "7"), 2 * mostShapes},
	} {
		if groups := slices.Collect(c.groupsFor(tc.pod)); len(groups) != tc.want {
			t.Errorf("a pod %s sees %d groups, want %d", name, len(groups), tc.want)
		}
	}
}

// TestCensusOfManyShapes: nodes that do differ are told apart, however many they are.
func TestCensusOfManyShapes(t *testing.T) {
	c := newCensus()
	for i := range 3 * mostShapes {
		node := stamped(i)
		node.Labels = map[string]string{"rack": fmt.Sprint(i % 48), "row": fmt.Sprint(i / 48)}
		c.set(packed(t, node))
	}
	if got := len(c.shapes); got != 3*mostShapes {
		t.Errorf("%d shapes, want %d", got, 3*mostShapes)
	}
}

func stamped(i int) *corev1.Node {
	name := fmt.Sprintf("node-%d", i)
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
		corev1.LabelHostname: name, "stamp": fmt.Sprint(i), "zone": string(rune('a' + i%3)),
	}}}
}

// TestCensusTellsResourcesApart: nodes that differ in nothing but their extended resources are not alike, and a node that
// loses some changes its shape.
func TestCensusTellsResourcesApart(t *testing.T) {
	c := newCensus()
	const gpu = "nvidia.com/gpu"
	node := func(name string, gpus int64) *node {
		return packed(t, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: corev1.NodeStatus{
			Allocatable: corev1.ResourceList{gpu: *resource.NewQuantity(gpus, resource.DecimalSI), "hugepages-2Mi": resource.MustParse("1Gi")},
		}})
	}
	for i, gpus := range []int64{0, 4, 4, 8} {
		c.set(node(fmt.Sprint(i), gpus))
	}
	c.set(node("3", 4)) // it was 8
	counts := map[int64]int{}
	for g := range c.groupsFor(landing.Constraints{}) {
		counts[g.Node.Extended[gpu]] += g.Count
		if _, ok := g.Node.Extended["hugepages-2Mi"]; ok {
			t.Error("keeps what is no extended resource")
		}
	}
	if want := map[int64]int{0: 1, 4: 3}; !maps.Equal(counts, want) {
		t.Errorf("nodes by GPUs: %v, want %v", counts, want)
	}
}
