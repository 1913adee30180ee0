package landing

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// typical is what admission sees of a run's pod: one toleration of its own, two that the API server adds.
func typical() Constraints {
	seconds := int64(300)
	return Constraints{Tolerations: []corev1.Toleration{
		{Key: "polyaxon", Operator: "Equal", Value: "experiments", Effect: "NoSchedule"},
		{Key: "node.kubernetes.io/not-ready", Operator: "Exists", Effect: "NoExecute", TolerationSeconds: &seconds},
		{Key: "node.kubernetes.io/unreachable", Operator: "Exists", Effect: "NoExecute", TolerationSeconds: &seconds},
	}}
}

func BenchmarkWitness(b *testing.B) {
	sealed := terms(labelled(notIn("polyaxon", "core"), in("gpu", "a100", "h100")))
	sealed.Tolerations = tolerant
	open := selector(sealed, "zone", "a")
	open.Affinity = terms(labelled(notIn("polyaxon", "core")), labelled(gt("cpus", "8"), in("gpu", "a100"))).Affinity
	anyNode := typical()
	anyNode.Tolerations = append(anyNode.Tolerations, corev1.Toleration{Operator: "Exists"})
	tests := []struct {
		name        string
		constraints Constraints
	}{
		{"repelled", typical()}, {"tolerates everything", anyNode}, {"sealed", sealed}, {"second term", open},
	}
	for _, tc := range tests {
		b.Run(tc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Witness(tc.constraints, core)
			}
		})
	}
}

// BenchmarkWitnessGrows shows the cost per value of requirements that grow: it must not.
func BenchmarkWitnessGrows(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000} {
		excluded := make([]string, n)
		for i := range excluded {
			excluded[i] = fmt.Sprint(i)
		}
		shapes := map[string]Constraints{
			"values": terms(labelled(exists("a"), notIn("a", excluded...))),
			"terms":  selector(terms(), "a", "b"),
		}
		required := shapes["terms"].required()
		for range n {
			required.NodeSelectorTerms = append(required.NodeSelectorTerms, labelled(notIn("polyaxon", "core")))
		}
		for _, shape := range []string{"values", "terms"} {
			b.Run(fmt.Sprintf("%s=%d", shape, n), func(b *testing.B) {
				for b.Loop() {
					Witness(shapes[shape], bare)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/"+shape[:len(shape)-1])
			})
		}
	}
}
