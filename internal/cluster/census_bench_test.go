package cluster

import (
	"encoding/json"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/landing"
)

// BenchmarkGroups asks whether any node takes a pod, in clusters of different size whose nodes come in 40 shapes. What
// it costs must not grow with the cluster.
func BenchmarkGroups(b *testing.B) {
	tolerates := []corev1.Toleration{
		{Key: "polyaxon", Operator: corev1.TolerationOpExists}, {Key: "nvidia.com/gpu", Operator: corev1.TolerationOpExists},
	}
	const zone = "topology.kubernetes.io/zone"
	for _, size := range []int{100, 10_000} {
		c := largeCensus(b, size)
		for _, tc := range []struct {
			name string
			pod  landing.Constraints
			want bool
		}{
			{"one takes it", landing.Constraints{NodeSelector: map[string]string{zone: "eu-central-1a"}, Tolerations: tolerates}, true},
			{"none, for a label", landing.Constraints{NodeSelector: map[string]string{zone: "elsewhere"}, Tolerations: tolerates}, false},
			{"none, for a taint", landing.Constraints{}, false},
			{"none of that name", landing.Constraints{NodeSelector: map[string]string{corev1.LabelHostname: "a"}, Tolerations: tolerates}, false},
		} {
			b.Run(fmt.Sprintf("%s of %d", tc.name, size), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if got := anyTakes(c, tc.pod); got != tc.want {
						b.Fatal(got)
					}
				}
			})
		}
	}
}

func anyTakes(c *census, pod landing.Constraints) bool {
	search := landing.NewSearch(pod)
	for g := range c.groupsFor(pod) {
		if search.Lands(g.Node) {
			return true
		}
	}
	return false
}

// largeCensus counts nodes of a large cloud in 40 shapes.
func largeCensus(b *testing.B, size int) *census {
	c := newCensus()
	for i := range size {
		node := &corev1.Node{}
		if err := json.Unmarshal(largeNode(i), node); err != nil {
			b.Fatal(err)
		}
		for key := range node.Labels {
			if key != corev1.LabelHostname {
				node.Labels[key] = fmt.Sprint("eu-central-1", string(rune('a'+i%40)))
			}
		}
		c.set(packed(b, node))
	}
	if len(c.shapes) != 40 {
		b.Fatalf("%d shapes, want 40", len(c.shapes))
	}
	return c
}
