// Package landingtest generates pods, pools and nodes for tests of landing: few keys and few values, so that they
// collide, and those that are traps (leading zeros, the largest number, what is no label, what is no name).
//
// Every generator takes its decisions from a Choose, so that rapid, a fuzzer's bytes and a seeded random source drive
// the same one.
package landingtest

import (
	"maps"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/landing"
)

// Choose returns a number from 0 to n-1.
type Choose func(n int) int

// Bytes chooses by the bytes, and 0 when they are used up.
func Bytes(data []byte) Choose {
	return func(n int) int {
		if len(data) == 0 {
			return 0
		}
		choice := int(data[0]) % n
		data = data[1:]
		return choice
	}
}

const (
	largest = "9223372036854775807"
	odds    = 40 // one in so many keys and values is no label
)

var (
	keys        = []string{"polyaxon", "a", "b"}
	badKeys     = []string{"", "a b", "a/b/c"}
	values      = []string{"5", "4", "6", "core", "", "05", "005", "0", "7", "x", largest}
	badValues   = []string{"-1", "+5", "a b", "9223372036854775808000000000000000000000000000000000000000000005"}
	numbers     = []string{"4", "6", "5", "0", "05", "9223372036854775806", largest}
	badNumbers  = []string{"", "x", "-1", "+5", "9223372036854775808"}
	names       = []string{"n1", "n2", "witness"}
	badNames    = []string{"", "N_1"}
	effects     = []corev1.TaintEffect{"NoSchedule", "NoExecute", "PreferNoSchedule"}
	operators   = []corev1.NodeSelectorOperator{"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"}
	tolerations = []corev1.TolerationOperator{"Exists", "Equal", "", "Lt", "Gt", "Like"}

	// nodeValues has values that no pod names, so that a node can slip through what all NotIn exclude together.
	nodeValues = append([]string{"0005", "0" + largest, "unnamed", "8"}, values...)
	nodeNames  = append([]string{"unnamed"}, names...)
)

func (choose Choose) of(list []string) string { return list[choose(len(list))] }

func (choose Choose) orRarely(good, bad []string) string {
	if choose(odds) == odds-1 {
		return choose.of(bad)
	}
	return choose.of(good)
}

// Pool generates a pool whose label and taints the API server would accept.
func Pool(choose Choose) landing.Pool {
	pool := landing.Pool{Name: "pool", Key: choose.of(keys[:2]), Value: choose.of(values[:6])}
	pool.Taints = taints(choose)
	for choose(3) == 2 {
		if l := (landing.Label{Key: choose.of(keys), Value: choose.of(values[:6])}); l.Key != pool.Key {
			pool.Without = append(pool.Without, l)
		}
	}
	if key := choose.of(keys); key != pool.Key && choose(4) == 3 {
		pool.WithoutKey = key
	}
	return pool
}

// Has says whether a node can be one of the pool, its taints aside.
func Has(pool landing.Pool, node landing.Node) bool {
	own, ok := node.Labels[pool.Key]
	_, barred := node.Labels[pool.WithoutKey]
	return ok && own == pool.Value && !barred && !slices.ContainsFunc(pool.Without, func(l landing.Label) bool {
		value, ok := node.Labels[l.Key]
		return ok && value == l.Value
	})
}

// taints are unique by key and effect, as the API server wants them.
func taints(choose Choose) []corev1.Taint {
	var list []corev1.Taint
	for _, effect := range effects {
		if choose(4) == 3 {
			list = append(list, corev1.Taint{Key: choose.of(keys), Value: choose.of(values), Effect: effect})
		}
	}
	return list
}

// Constraints generates what a pod asks for, as malformed as a user may write it.
func Constraints(choose Choose) landing.Constraints {
	var c landing.Constraints
	if choose(6) == 5 {
		c.NodeName = choose.orRarely(names, badNames)
	}
	if choose(3) == 2 {
		c.NodeSelector = map[string]string{}
		for range choose(3) {
			c.NodeSelector[choose.orRarely(keys, badKeys)] = choose.orRarely(values, badValues)
		}
	}
	if choose(6) > 0 {
		c.Affinity = affinity(choose)
	}
	for range choose(4) {
		c.Tolerations = append(c.Tolerations, toleration(choose))
	}
	return c
}

func toleration(choose Choose) corev1.Toleration {
	t := corev1.Toleration{Operator: tolerations[choose(len(tolerations))]}
	if choose(3) > 0 {
		t.Key = choose.of(keys)
	}
	if t.Operator != corev1.TolerationOpExists {
		t.Value = choose.orRarely(values, badNumbers)
	}
	if choose(3) == 2 {
		t.Effect = effects[choose(len(effects))]
	}
	if choose(4) == 3 {
		t.TolerationSeconds = new(int64)
	}
	return t
}

func affinity(choose Choose) *corev1.NodeAffinity {
	required := &corev1.NodeSelector{}
	for range choose(4) {
		var term corev1.NodeSelectorTerm
		among := keys
		if choose(2) == 0 {
			among = []string{choose.of(keys)} // requirements that meet on one key
		}
		for range choose(6) {
			term.MatchExpressions = append(term.MatchExpressions, expression(choose, among))
		}
		if choose(40) == 39 {
			term.MatchExpressions = append(term.MatchExpressions, narrow(choose)...)
		}
		for choose(4) == 3 {
			term.MatchFields = append(term.MatchFields, field(choose))
		}
		required.NodeSelectorTerms = append(required.NodeSelectorTerms, term)
	}
	return &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: required}
}

// narrow leaves of one label a single number, and of that number all spellings but the usual one. Chance alone seldom
// comes upon it.
func narrow(choose Choose) []corev1.NodeSelectorRequirement {
	key, n := choose.of(keys), choose(10)
	return []corev1.NodeSelectorRequirement{
		{Key: key, Operator: corev1.NodeSelectorOpGt, Values: []string{strconv.Itoa(n - 1)}},
		{Key: key, Operator: corev1.NodeSelectorOpLt, Values: []string{strconv.Itoa(n + 1)}},
		{Key: key, Operator: corev1.NodeSelectorOpNotIn, Values: []string{strconv.Itoa(n)}},
	}
}

func expression(choose Choose, among []string) corev1.NodeSelectorRequirement {
	r := corev1.NodeSelectorRequirement{Key: choose.orRarely(among, badKeys), Operator: operators[choose(len(operators))]}
	switch r.Operator {
	case corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn:
		for range 1 + choose(4) {
			r.Values = append(r.Values, choose.orRarely(values, badValues))
		}
	case corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt:
		r.Values = []string{choose.orRarely(numbers, badNumbers)}
	default: // the others take no values
	}
	return spoil(choose, r)
}

func field(choose Choose) corev1.NodeSelectorRequirement {
	r := corev1.NodeSelectorRequirement{
		Key: metav1.ObjectNameField, Operator: operators[choose(2)], Values: []string{choose.orRarely(names, badNames)},
	}
	if choose(8) == 7 {
		r.Key, r.Values[0] = "spec.unschedulable", choose.of([]string{"", "false"})
	}
	return spoil(choose, r)
}

// spoil rarely makes the requirement malformed.
func spoil(choose Choose, r corev1.NodeSelectorRequirement) corev1.NodeSelectorRequirement {
	switch choose(2 * odds) {
	case 2*odds - 1:
		r.Operator = "Near"
	case 2*odds - 2:
		r.Operator = operators[choose(len(operators))]
	case 2*odds - 3:
		r.Values = nil
	case 2*odds - 4:
		r.Values = append(r.Values, choose.of(values))
	}
	return r
}

// Node generates a node that the API server would accept, of no pool in particular.
func Node(choose Choose) landing.Node {
	node := landing.Node{Name: choose.of(nodeNames), Labels: map[string]string{}, Taints: taints(choose)}
	for _, key := range keys {
		if choose(4) > 0 {
			node.Labels[key] = choose.of(nodeValues)
		}
	}
	return node
}

// NodeOf generates a node of the pool.
func NodeOf(choose Choose, pool landing.Pool) landing.Node {
	node := Node(choose)
	maps.DeleteFunc(node.Labels, func(key, value string) bool {
		return key == pool.WithoutKey || slices.Contains(pool.Without, landing.Label{Key: key, Value: value})
	})
	node.Labels[pool.Key] = pool.Value
	node.Taints = pool.Taints
	return node
}

// NodesOf returns every node of the pool that the generators can tell apart.
func NodesOf(pool landing.Pool) []landing.Node {
	nodes := []landing.Node{{Labels: map[string]string{pool.Key: pool.Value}, Taints: pool.Taints}}
	nodes = spread(nodes, nodeNames, func(node *landing.Node, name string) { node.Name = name })
	for _, key := range keys {
		if key == pool.Key {
			continue
		}
		with := spread(nodes, nodeValues, func(node *landing.Node, value string) { node.Labels[key] = value })
		nodes = append(nodes, with...)
	}
	return slices.DeleteFunc(nodes, func(n landing.Node) bool { return !Has(pool, n) })
}

// spread returns a copy of every node for every choice.
func spread(nodes []landing.Node, choices []string, set func(*landing.Node, string)) []landing.Node {
	var all []landing.Node
	for _, node := range nodes {
		for _, choice := range choices {
			next := node
			next.Labels = map[string]string{}
			maps.Copy(next.Labels, node.Labels)
			set(&next, choice)
			all = append(all, next)
		}
	}
	return all
}
