package cost

import (
	"fmt"
	"iter"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/corpus"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
)

// What one decision may cost, decoding aside, of an object of that many bytes.
const (
	largest   = 3 << 19
	mostTime  = 300 * time.Millisecond
	mostBytes = 64 << 20
)

// budget is how much of the processor all cases of a test may take.
const budget = time.Minute

// TestDecisionsAreBounded makes every list, map and string of a pod as long as it can be, one after the other, and holds
// what each decision costs then: less than it may, and at most in proportion to the pod.
func TestDecisionsAreBounded(t *testing.T) {
	defer withinBudget(t)()
	p := overrides(t)
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) { report(t, problems(p, a.make)) })
	}
	for _, at := range places(reflect.TypeFor[corev1.Pod]()) {
		for _, g := range shapes(at) {
			t.Run(g.String(), func(t *testing.T) { report(t, problems(p, g.make)) })
		}
	}
}

// TestAPlantedRuleIsFound: a rule that compares every container with every other is what the test is there for.
func TestAPlantedRuleIsFound(t *testing.T) {
	planted := append(policy.Rules(), policy.Rule{ID: "planted", Check: func(v policy.View) []policy.Violation {
		same := 0
		for _, a := range v.Pod.Spec.Volumes {
			for _, b := range v.Pod.Spec.Volumes {
				if a.Name == b.Name {
					same++
				}
			}
		}
		return make([]policy.Violation, max(0, same-len(v.Pod.Spec.Volumes)))
	}})
	at := place{name: "spec.volumes"}
	for _, p := range places(reflect.TypeFor[corev1.Pod]()) {
		if p.name == at.name {
			at = p
		}
	}
	if found := problems(overrides(t).Judging(planted), growth{place: at, outer: 1}.make); len(found) == 0 {
		t.Error("a quadratic rule was not found")
	}
}

func overrides(t *testing.T) *policy.Policy {
	t.Helper()
	p, err := corpus.Case{PolicyName: "overrides"}.Policy()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func report(t *testing.T, problems []string) {
	t.Helper()
	for _, problem := range problems {
		t.Error(problem)
	}
}

// shapes are the ways in which a place can be long.
func shapes(at place) []growth {
	again := strings.HasPrefix(at.name, "spec.initContainers[].") || strings.HasPrefix(at.name, "spec.ephemeralContainers[].")
	if at.text || again { // they are read as those of containers are
		return []growth{{place: at, outer: 1}}
	}
	list := []growth{{place: at, outer: 1}, {place: at, outer: 1, rich: true}}
	if n := at.lists(); n > 0 {
		each := int(math.Pow(largest/64, 1/float64(n+1)))
		list = append(list, growth{place: at, outer: each})
	}
	return list
}

// problems makes the pod longer and longer, until it is as long as it may be: most places are not looked at, which shows
// while they are short. What costs a millisecond of a sixteenth could cost a quarter of a second of the whole, if it grew
// with the square.
func problems(p *policy.Policy, lengthen func(pod *corev1.Pod, seed string, bytes int)) []string {
	var found []string
	open, before := decisions, []bill(nil)
	for _, part := range []int{256, 16, 2, 1} {
		bytes := largest / part
		pods := two{job(), job()}
		lengthen(pods.is, "n", bytes)
		lengthen(pods.was, "o", bytes)
		var rest []decision
		var bills []bill
		for i, d := range open {
			is := best(d.of(p, pods), mostTime/4)
			problem := ""
			if part == 1 {
				problem = is.problem(before[i])
			} else if part > 2 && is.cpu > mostTime/4 && is.cpu > allowed(mostTime/4) {
				problem = fmt.Sprintf("takes %v", is.cpu)
			}
			if problem != "" {
				found = append(found, fmt.Sprintf("%s of %d bytes: %s", d.name, bytes, problem))
			} else if part != 16 || is.cpu > time.Millisecond || is.bytes > mostBytes/256 {
				rest, bills = append(rest, d), append(bills, is)
			}
		}
		if open, before = rest, bills; len(open) == 0 {
			break
		}
	}
	return found
}

// best is the smallest bill of a few: on a machine that does much else, caches are cold.
func best(f func() int, enough time.Duration) bill {
	least := measure(f)
	for range 2 {
		if least.cpu < enough || least.cpu > 4*mostTime {
			break
		}
		is := measure(f)
		least.cpu = min(least.cpu, is.cpu)
	}
	return least
}

// problem says in which way a bill is too high, or too high after that of half the bytes. Time is only held against what it
// may be: memory that is new to the process costs a busy machine ten times as much as a quiet one.
func (b bill) problem(half bill) string {
	switch {
	case b.cpu > mostTime && b.cpu > allowed(mostTime):
		return fmt.Sprintf("takes %v, and may take %v", b.cpu, mostTime)
	case b.bytes > mostBytes:
		return fmt.Sprintf("allocates %d MB, and may allocate %d", b.bytes>>20, mostBytes>>20)
	case half.steps > 0 && b.steps > 3*half.steps:
		return fmt.Sprintf("takes %d steps, and %d of half the bytes", b.steps, half.steps)
	case half.bytes > 0 && b.bytes > 4<<20 && b.bytes > 3*half.bytes:
		return fmt.Sprintf("allocates %d, and %d of half the bytes", b.bytes, half.bytes)
	}
	return ""
}

// two are a pod and what it was before.
type two struct{ is, was *corev1.Pod }

// job is a build of a tenant's: its image is one that another role may run as root.
func job() *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "a", Namespace: "polyaxon", Labels: map[string]string{
			"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-jobs",
		}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "polyaxon-main", Image: "gcr.io/kaniko-project/executor:v1"}}},
	}
}

// decision is one that is made about a pod.
type decision struct {
	name string
	of   func(*policy.Policy, two) func() int // the steps that it took
}

// decisions are all of them.
var decisions = []decision{
	{"Mutate", func(p *policy.Policy, o two) func() int {
		return func() int { return p.Mutate(request(o.is, nil)).Steps }
	}},
	{"Validate", func(p *policy.Policy, o two) func() int {
		return func() int { return p.Validate(request(o.is, nil)).Steps }
	}},
	{"Validate of an update", func(p *policy.Policy, o two) func() int {
		return func() int { return p.Validate(request(o.is, o.was)).Steps }
	}},
	{"Mutate of ephemeral containers", func(p *policy.Policy, o two) func() int {
		r := request(o.is, o.was)
		r.Subresource = policy.EphemeralContainers
		return func() int { return p.Mutate(r).Steps }
	}},
	{"Inspect", func(p *policy.Policy, o two) func() int {
		return func() int { p.Inspect(request(o.is, nil)); return 0 }
	}},
	{"ValidateWorkload", func(p *policy.Policy, o two) func() int {
		return func() int { return p.ValidateWorkload(workload(o)).Steps }
	}},
}

func request(is, was *corev1.Pod) policy.Request {
	return policy.Request{Namespace: "polyaxon", User: policy.UserNamed("tenant"), Pod: is, Old: was, Nodes: nodesFor(is), Core: core}
}

func workload(o two) policy.Workload {
	return policy.Workload{
		Namespace: "polyaxon", User: policy.UserNamed("tenant"), Kind: "Deployment",
		Resource: schema.GroupResource{Group: "apps", Resource: "deployments"}, Core: core,
		Templates: []policy.Template{{
			At: field.NewPath("spec", "template"), Pod: o.is, Old: o.was, Nodes: nodesFor(o.is),
			LabelAt: func(string) *field.Path { return field.NewPath("spec") },
		}},
	}
}

// core are the workloads of an installation that has many, each of which selects by the labels of a run and one more.
var core = func() []policy.CoreWorkload {
	var list []policy.CoreWorkload
	for i := range 50 {
		name := fmt.Sprintf("core-%d", i)
		set := labels.Set{"app.kubernetes.io/part-of": "polyaxon-runs", "app": name}
		list = append(list, policy.CoreWorkload{
			Kind: schema.GroupKind{Group: "apps", Kind: "Deployment"}, Name: name, Selector: set.AsSelector(), ServiceAccount: name,
		})
	}
	return list
}()

// nodesFor are five thousand nodes, each of a kind of its own, that take no run; or some of them, of a pod that asks nothing of
// nodes.
func nodesFor(pod *corev1.Pod) func(landing.Constraints) iter.Seq[landing.Group] {
	most := len(live)
	if pod.Spec.Affinity == nil && len(pod.Spec.Tolerations)+len(pod.Spec.NodeSelector) == 0 {
		most = 10
	}
	return func(landing.Constraints) iter.Seq[landing.Group] { return slices.Values(live[:most]) }
}

var live = func() []landing.Group {
	var list []landing.Group
	for i := range 5000 {
		list = append(list, landing.Group{Count: 1, Node: landing.Node{
			Name: fmt.Sprintf("node-%d", i), Labels: map[string]string{"polyaxon": "experiments", "disk": "hdd", "rack": fmt.Sprint(i)},
			Taints: []corev1.Taint{{Key: "closed", Value: fmt.Sprint(i), Effect: corev1.TaintEffectNoSchedule}},
		}})
	}
	return list
}()
