// Package scheduler tests what can only be told by the real Kubernetes components. It is a module of its own, so that
// product code never depends on k8s.io/kubernetes.
package scheduler

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/landing/landingtest"
)

var (
	pairs = flag.Int("landing.pairs", 1_000_000, "how many generated pods and pools to compare with the real scheduler")
	seed  = flag.Uint64("landing.seed", 0, "where the generated pods begin; 0 picks a new one and prints it")
)

// nodesPerPair are tried for a pod without a witness: enough for a solver that misses an answer to be caught within
// thousands of pairs, and few enough for a million pairs in a minute.
const nodesPerPair = 12

// TestLandingAgreesWithTheScheduler compares, for a million generated pods and pools, what internal/landing says with
// what the scheduler's own plugins do: every witness is accepted; where there is none, no generated node of the pool is;
// and the answers for known nodes are equal.
func TestLandingAgreesWithTheScheduler(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("-landing.seed=%d -landing.pairs=%d", *seed, *pairs)
	s := newScheduler(t)
	var landed, stop atomic.Int64
	var workers sync.WaitGroup
	for first := range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for pair := first; pair < *pairs && stop.Load() == 0; pair += runtime.GOMAXPROCS(0) {
				random := rand.New(rand.NewPCG(*seed, uint64(pair)))
				c, pool := landingtest.Constraints(random.IntN), landingtest.Pool(random.IntN)
				lands, disagreement := s.compare(c, pool, random.IntN)
				if lands {
					landed.Add(1)
				}
				if disagreement != "" && stop.Add(1) == 1 {
					t.Errorf("pair %d of -landing.seed=%d: %s\npool: %s\npod: %s", pair, *seed, disagreement, text(pool), text(c))
				}
			}
		})
	}
	workers.Wait()
	t.Logf("%d pods of %d could land", landed.Load(), *pairs)
	// A generator whose pods all land, or never do, would prove nothing.
	if share := float64(landed.Load()) / float64(*pairs); stop.Load() == 0 && *pairs >= 10_000 && (share < 0.1 || share > 0.9) {
		t.Errorf("%.0f%% of the generated pods could land: neither answer may be rare", 100*share)
	}
}

// TestLandingAgreesOnSeeds compares the pods of the corpus and the attacks that can be said in a pod's spec.
func TestLandingAgreesOnSeeds(t *testing.T) {
	s := newScheduler(t)
	for name, spec := range seeds(t) {
		t.Run(name, func(t *testing.T) {
			c := landing.Of(&spec)
			for n := range uint64(500) {
				random := rand.New(rand.NewPCG(1, n))
				if _, disagreement := s.compare(c, landingtest.Pool(random.IntN), random.IntN); disagreement != "" {
					t.Fatalf("pool %d: %s", n, disagreement)
				}
			}
			if _, disagreement := s.compare(c, core, rand.New(rand.NewPCG(1, 1)).IntN); disagreement != "" {
				t.Fatal(disagreement)
			}
		})
	}
}

// compare reports whether the pod can land on the pool, and the first disagreement.
func (s *scheduler) compare(c landing.Constraints, pool landing.Pool, choose landingtest.Choose) (bool, string) {
	cycle := s.schedule(podOf(c))
	witness, lands := landing.Witness(c, pool)
	if lands {
		if reason := cycle.refuses(witness); reason != "" {
			return lands, fmt.Sprintf("the scheduler refuses the witness %s: %s", witness, reason)
		}
		if reason := unstorable(witness, pool); reason != "" {
			return lands, fmt.Sprintf("the witness %s is no node of the pool: %s", witness, reason)
		}
	}
	for range nodesPerPair {
		if lands {
			break // one such node is known: others prove nothing
		}
		if node := landingtest.NodeOf(choose, pool); cycle.refuses(node) == "" {
			return lands, fmt.Sprintf("no witness (%s), and the scheduler binds to %s", landing.Because(c, pool), node)
		}
	}
	node := landingtest.Node(choose)
	if got, reason := landing.Lands(c, node), cycle.refuses(node); got != (reason == "") {
		return lands, fmt.Sprintf("Lands on %s is %v, the scheduler says %q", node, got, reason)
	}
	return lands, ""
}

// unstorable says why the API server, or the pool's description, would not have the node.
func unstorable(node landing.Node, pool landing.Pool) string {
	if !landingtest.Has(pool, node) {
		return "other labels"
	}
	if text(node.Taints) != text(pool.Taints) {
		return "other taints"
	}
	for _, message := range validation.IsDNS1123Subdomain(node.Name) {
		return "name: " + message
	}
	for key, value := range node.Labels {
		for _, message := range append(validation.IsQualifiedName(key), validation.IsValidLabelValue(value)...) {
			return key + ": " + message
		}
	}
	return ""
}

func podOf(c landing.Constraints) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "pod", Namespace: "polyaxon"},
		Spec: corev1.PodSpec{
			NodeName: c.NodeName, NodeSelector: c.NodeSelector, Tolerations: c.Tolerations,
			Affinity: &corev1.Affinity{NodeAffinity: c.Affinity},
		},
	}
}

func text(v any) string {
	out, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(out)
}
