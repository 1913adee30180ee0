package scheduler

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	schedulingv1alpha3 "k8s.io/api/scheduling/v1alpha3"
	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

var (
	displacements    = flag.Int("displacement.clusters", 20_000, "how many generated clusters and runs the real scheduler makes room in")
	displacementSeed = flag.Uint64("displacement.seed", 0, "where the generated clusters begin; 0 picks a new one and prints it")
)

// run is what a tenant asks for: a pod, or the pods of a group.
type run struct {
	pods      []*corev1.Pod
	group     *schedulingv1beta1.PodGroup           // nil of a pod by itself
	composite *schedulingv1alpha3.CompositePodGroup // the group's parent; nil where there is none
	gang      bool                                  // all of them, or none
}

// info is the group as the scheduler sees it, from its root.
func (r run) info() *framework.PodGroupInfo {
	info := &framework.PodGroupInfo{
		Namespace: r.group.Namespace, Name: r.group.Name, Type: fwk.PodGroupKeyType, UnscheduledPods: r.pods, PodGroup: r.group,
	}
	if r.composite == nil {
		return info
	}
	return &framework.PodGroupInfo{
		Namespace: r.group.Namespace, Name: r.composite.Name, Type: fwk.CompositePodGroupKeyType, CompositePodGroup: r.composite,
		Children: []*framework.PodGroupInfo{info},
	}
}

// judge is polymoat, with a fault where one is planted.
type judge struct {
	*policy.Policy
	known func(*policy.Priorities)               // what it takes the priorities for
	heeds func(rule string, at *field.Path) bool // the violations that it refuses for
}

// refuses are the reasons not to let the run in, of its pods and of its groups.
func (j judge) refuses(r run, known policy.Priorities) []string {
	j.known(&known)
	var found []policy.Violation
	for _, pod := range r.pods {
		found = append(found, j.Validate(policy.Request{Namespace: "polyaxon", Pod: pod, Core: coreWorkloads, Priorities: &known}).Violations...)
	}
	for resource, class := range r.classes() {
		found = append(found, j.ValidateWorkload(policy.Workload{
			Namespace: "polyaxon", Resource: schema.GroupResource{Group: policy.GroupAPI, Resource: resource}, Priorities: &known,
			Classes: []policy.Class{{At: field.NewPath("spec", "priorityClassName"), Name: class}},
		}).Violations...)
	}
	var why []string
	for _, v := range found {
		if j.heeds(v.Rule, v.Field) {
			why = append(why, v.Rule+" "+v.Field.String())
		}
	}
	return why
}

// classes are those that the groups of the run name, by the resource.
func (r run) classes() map[string]string {
	named := map[string]string{}
	if r.group != nil && r.group.Spec.PriorityClassName != "" {
		named["podgroups"] = r.group.Spec.PriorityClassName
	}
	if r.composite != nil && r.composite.Spec.PriorityClassName != "" {
		named["compositepodgroups"] = r.composite.Spec.PriorityClassName
	}
	return named
}

// sound is polymoat as it is. allowing has the roles let groups in.
func sound(t *testing.T, allowing bool) judge {
	t.Helper()
	document := v1alpha1.Default()
	if allowing {
		for i := range document.Spec.Roles {
			document.Spec.Roles[i].SchedulingGroups = v1alpha1.AllowGroups
		}
	}
	p, err := policy.New(document)
	if err != nil {
		t.Fatal(err)
	}
	return judge{Policy: p, known: func(*policy.Priorities) {}, heeds: func(string, *field.Path) bool { return true }}
}

// outcomes count what became of runs: "refused, evicts core".
type outcomes map[string]int

// try lets the real scheduler make room for a generated run, and says what polymoat makes of it. It returns the reason
// to worry: a run that is let in, and has core evicted.
func (s *stage) try(j judge, seed, i uint64, counts outcomes) string {
	random := rand.New(rand.NewPCG(seed, i))
	c := generate(random)
	known := c.known()
	for i, pod := range c.run.pods {
		if placed := j.Mutate(policy.Request{Namespace: "polyaxon", Pod: pod, Core: coreWorkloads, Priorities: &known}).Pod; placed != nil {
			c.run.pods[i] = placed
		}
	}
	s.Snapshot = c.snapshot()
	core := slices.ContainsFunc(s.evicts(c.run, random), isCore)
	why := j.refuses(c.run, known)
	counts[fmt.Sprintf("refused %t, evicts core %t, in a group %t", len(why) > 0, core, c.run.group != nil)]++
	if len(why) > 0 || !core {
		return ""
	}
	return fmt.Sprintf("cluster %d of -displacement.seed=%d: let in, and has core evicted\nnodes: %s\npods: %s\nrun: %s\ngroup: %s\nof: %s", i, seed,
		text(c.nodes), text(c.pods), text(c.run.pods), text(c.run.group), text(c.run.composite))
}

// TestNoRunEvictsCore: of generated runs, plain and in groups, none that polymoat lets in has the real scheduler delete a
// core pod. Refusing more is counted.
func TestNoRunEvictsCore(t *testing.T) {
	if *displacementSeed == 0 {
		*displacementSeed = rand.Uint64()
	}
	t.Logf("-displacement.seed=%d -displacement.clusters=%d", *displacementSeed, *displacements)
	for _, allowing := range []bool{false, true} {
		j, total := sound(t, allowing), outcomes{}
		var workers sync.WaitGroup
		var mu sync.Mutex
		for first := range runtime.GOMAXPROCS(0) {
			s := newStage(t, claims()...)
			workers.Go(func() {
				counts := outcomes{}
				for i := first; i < *displacements/2 && !t.Failed(); i += runtime.GOMAXPROCS(0) {
					if worry := s.try(j, *displacementSeed, uint64(i), counts); worry != "" {
						t.Error(worry)
					}
				}
				mu.Lock()
				defer mu.Unlock()
				for what, n := range counts {
					total[what] += n
				}
			})
		}
		workers.Wait()
		for _, what := range slices.Sorted(maps.Keys(total)) {
			t.Logf("groups allowed %t: %s: %d", allowing, what, total[what])
		}
		if harmful := total["refused true, evicts core true, in a group true"]; harmful == 0 && *displacements >= 1000 {
			t.Error("no refused run evicts core: the clusters prove nothing")
		}
	}
}

// TestPlantedFaultsEvictCore: a polymoat with one thing wrong lets in a run that has core evicted.
func TestPlantedFaultsEvictCore(t *testing.T) {
	s := newStage(t, claims()...)
	all := func(string, *field.Path) bool { return true }
	ignoring := func(rule, part string) func(string, *field.Path) bool {
		return func(r string, at *field.Path) bool { return r != rule || !strings.Contains(at.String(), part) }
	}
	for name, tc := range map[string]struct {
		allowing bool
		known    func(*policy.Priorities)
		heeds    func(string, *field.Path) bool
	}{
		"core that was not restarted is overlooked": {false, func(p *policy.Priorities) { p.Lowest = new(int32(1_000_000)) }, all},
		"groups are taken for judged":               {false, func(p *policy.Priorities) { p.GroupsReviewed = true }, func(rule string, at *field.Path) bool { return rule != "priority-class" }},
		"groups are let in":                         {false, func(*policy.Priorities) {}, func(rule string, at *field.Path) bool { return rule != "scheduling-group" && rule != "displacement" }},
		"spread is overlooked":                      {true, func(*policy.Priorities) {}, ignoring("displacement", "topologySpreadConstraints")},
		"affinity is overlooked":                    {true, func(*policy.Priorities) {}, ignoring("displacement", "podAffinity")},
	} {
		j := sound(t, tc.allowing)
		j.known, j.heeds = tc.known, tc.heeds
		found := false
		for i := range uint64(20_000) {
			if found = s.try(j, 1, i, outcomes{}) != ""; found {
				t.Logf("%s: found in cluster %d", name, i)
				break
			}
		}
		if !found {
			t.Errorf("%s: not found", name)
		}
	}
}
