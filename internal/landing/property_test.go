package landing_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	schedulinghelper "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
	"pgregory.net/rapid"

	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/landing/landingtest"
)

// oracle answers for known nodes with the scheduler's predicates, and owes nothing to the code under test.
type oracle struct {
	constraints landing.Constraints
	affinity    nodeaffinity.RequiredNodeAffinity
}

func newOracle(c landing.Constraints) oracle {
	return oracle{c, nodeaffinity.NewRequiredNodeAffinity(c.NodeSelector, &corev1.Affinity{NodeAffinity: c.Affinity})}
}

func (o oracle) accepts(n landing.Node) bool {
	repels := func(t *corev1.Taint) bool { return t.Effect == "NoSchedule" || t.Effect == "NoExecute" }
	_, repelled := schedulinghelper.FindMatchingUntoleratedTaint(klog.Logger{}, n.Taints, o.constraints.Tolerations, repels, true)
	if repelled || o.constraints.NodeName != "" && o.constraints.NodeName != n.Name {
		return false
	}
	match, _ := o.affinity.Match(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: n.Name, Labels: n.Labels}})
	return match
}

// storable returns why the API server would refuse the node, "" when it would not.
func storable(n landing.Node) string {
	for _, message := range validation.IsDNS1123Subdomain(n.Name) {
		return "name: " + message
	}
	for key, value := range n.Labels {
		for _, message := range append(validation.IsQualifiedName(key), validation.IsValidLabelValue(value)...) {
			return "label " + key + ": " + message
		}
	}
	return ""
}

// check fails when Witness and the oracle disagree about any node of the pool that can be told apart.
func check(t interface{ Fatalf(string, ...any) }, c landing.Constraints, pool landing.Pool) {
	truth := newOracle(c)
	witness, ok := landing.Witness(c, pool)
	if landing.Possible(c, pool) != ok {
		t.Fatalf("Possible says %v, and Witness %v", !ok, ok)
	}
	if landing.Because(c, pool) == "" {
		t.Fatalf("no reason given")
	}
	if ok {
		if !truth.accepts(witness) || storable(witness) != "" || !landingtest.Has(pool, witness) {
			t.Fatalf("the scheduler binds no such pod to the witness %s: %s", witness, storable(witness))
		}
		return
	}
	for _, node := range landingtest.NodesOf(pool) {
		if truth.accepts(node) {
			t.Fatalf("no witness (%s), and the scheduler binds the pod to %s", landing.Because(c, pool), node)
		}
	}
}

func TestWitnessAgreesWithEveryNodeOfAPool(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		choose := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "choice") }
		check(t, landingtest.Constraints(choose), landingtest.Pool(choose))
	})
}

func TestLandsAgreesOnKnownNodes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		choose := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "choice") }
		c, node := landingtest.Constraints(choose), landingtest.Node(choose)
		if got, want := landing.Lands(c, node), newOracle(c).accepts(node); got != want {
			t.Fatalf("Lands on %s: got %v, want %v", node, got, want)
		}
	})
}

func FuzzWitness(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte("\x00\x02\x02\x00\x01\x05\x03\x04\x02\x01\x00\x02\x05"))
	f.Fuzz(func(t *testing.T, data []byte) {
		choose := landingtest.Bytes(data)
		check(t, landingtest.Constraints(choose), landingtest.Pool(choose))
	})
}
