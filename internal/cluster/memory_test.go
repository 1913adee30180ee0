package cluster

import (
	"encoding/json"
	"fmt"
	"runtime"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/cache"
)

// BenchmarkMemory reports what ten thousand nodes of a large cloud cost, each decoded from JSON as the informer does.
func BenchmarkMemory(b *testing.B) {
	const nodes = 10_000
	var before, after runtime.MemStats
	for b.Loop() {
		store, census := cache.NewStore(cache.MetaNamespaceKeyFunc), newCensus()
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range nodes {
			node := &corev1.Node{}
			if err := json.Unmarshal(largeNode(i), node); err != nil {
				b.Fatal(err)
			}
			stripped, err := strip(node)
			if err != nil {
				b.Fatal(err)
			}
			if err := store.Add(stripped); err != nil {
				b.Fatal(err)
			}
			census.set(stripped)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(store)
		runtime.KeepAlive(census)
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB/10000nodes")
}

// largeNode is a node with 30 labels, two taints, and images and conditions that must not be kept.
func largeNode(i int) []byte {
	labels := map[string]string{
		"kubernetes.io/hostname":      fmt.Sprintf("ip-10-%d-%d-%d.eu-central-1.compute.internal", i>>16&255, i>>8&255, i&255),
		"topology.kubernetes.io/zone": fmt.Sprintf("eu-central-1%c", 'a'+i%3),
	}
	for n := range 28 {
		labels[fmt.Sprintf("cloud.example.com/some-label-of-the-platform-%02d", n)] = fmt.Sprintf("a-value-that-many-nodes-share-%d", i%7)
	}
	node := &corev1.Node{}
	node.Name, node.UID, node.ResourceVersion, node.Labels = labels["kubernetes.io/hostname"], "3b662047-58a3-45de-819f-2c884b0c85b9", "1234567", labels
	node.Spec.Taints = []corev1.Taint{
		{Key: "polyaxon", Value: "experiments", Effect: corev1.TaintEffectNoSchedule},
		{Key: "nvidia.com/gpu", Value: "present", Effect: corev1.TaintEffectNoSchedule},
	}
	for n := range 50 {
		node.Status.Images = append(node.Status.Images, corev1.ContainerImage{Names: []string{fmt.Sprintf("registry.example.com/image-%d", n)}})
	}
	raw, _ := json.Marshal(node)
	return raw
}
