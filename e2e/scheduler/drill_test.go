package scheduler

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/polymoat/polymoat/internal/drill"
	"github.com/polymoat/polymoat/internal/drill/drilltest"
)

var (
	drills    = flag.Int("drill.clusters", 500, "how many generated clusters lose nodes")
	drillSeed = flag.Uint64("drill.seed", 0, "where the generated clusters begin; 0 picks a new one and prints it")
)

// coursesPerDrill are how often the real filters take the pods of one cluster in, in other orders and with other choices.
const coursesPerDrill = 3

// TestDrillAgreesWithTheScheduler takes nodes from generated clusters: what comes back and what stays pending is what the
// drill said, with the scheduler's own filters, in whatever order pods come and whichever node they get.
func TestDrillAgreesWithTheScheduler(t *testing.T) {
	if *drillSeed == 0 {
		*drillSeed = rand.Uint64()
	}
	t.Logf("-drill.seed=%d -drill.clusters=%d", *drillSeed, *drills)
	fates := map[drill.Fate]int{}
	for i := range *drills {
		random := rand.New(rand.NewPCG(*drillSeed, uint64(i)))
		c := drilltest.Generate(random.IntN, "c")
		before := populate(t, c, random)
		report := drill.New(before.facts()).Lose(c.Lose)
		for _, o := range report.Pods {
			fates[o.Fate]++
		}
		for range coursesPerDrill {
			if disagreement := before.lose(c.Lose, report, random); disagreement != "" {
				t.Fatalf("cluster %d of -drill.seed=%d: %s\nlost: %v\nreport: %s\nnodes: %s\npods: %s\nclaims: %s", i, *drillSeed, disagreement, c.Lose,
					text(report), text(before.nodes), text(slices.Concat(before.pods, before.waiting)), text(before.claims))
			}
		}
		before.close()
	}
	t.Log(fates)
	if *drills < 100 {
		return
	}
	for _, fate := range []drill.Fate{drill.Returns, drill.Depends, drill.Pending} {
		if fates[fate] == 0 {
			t.Errorf("no pod %s: the clusters prove nothing of it", fate)
		}
	}
}

// populated is a cluster whose pods have nodes, or wait.
type populated struct {
	*world
	waiting []*corev1.Pod
}

// populate creates the pods of a cluster, and gives each a node that the real filters let it be on.
func populate(t *testing.T, c drilltest.Cluster, random *rand.Rand) populated {
	w := &world{t: t, nodes: c.Nodes, volumes: c.Volumes}
	w.others = append(w.others, drilltest.StorageClass(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: c.Name}})
	var pods []*corev1.Pod
	for _, load := range c.Workloads {
		for i := range load.Replicas {
			pods = append(pods, w.create(c.Name, load, int(i)))
		}
	}
	w.refresh()
	random.Shuffle(len(pods), func(i, j int) { pods[i], pods[j] = pods[j], pods[i] })
	return populated{w, w.settle(pods, random)}
}

// create is a pod of a workload as its controller makes it; its claims are created, too.
func (w *world) create(namespace string, load drilltest.Workload, i int) *corev1.Pod {
	name := fmt.Sprintf("%s-%d", load.Name, i)
	pod := &corev1.Pod{ObjectMeta: *load.Template.ObjectMeta.DeepCopy(), Spec: *load.Template.Spec.DeepCopy()}
	pod.Namespace, pod.Name, pod.UID = namespace, name, types.UID(name)
	pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: load.Name, Controller: new(true)}}
	for _, template := range load.Claims {
		claim := template.DeepCopy()
		claim.Namespace, claim.Name = namespace, template.Name+"-"+name
		w.claims = append(w.claims, claim)
		pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: template.Name, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim.Name},
		}})
	}
	return pod
}

// settle gives pods nodes until the real filters let no other one have any; those are returned.
func (w *world) settle(pods []*corev1.Pod, random *rand.Rand) []*corev1.Pod {
	for progress := true; progress; {
		progress = false
		for _, pod := range slices.Clone(pods) {
			nodes := w.takes(pod)
			if len(nodes) == 0 {
				continue
			}
			w.bind(pod, nodes[random.IntN(len(nodes))])
			pods, progress = slices.DeleteFunc(pods, func(o *corev1.Pod) bool { return o == pod }), true
		}
	}
	return pods
}

func (p populated) facts() drill.Facts {
	f := drill.Facts{Nodes: p.nodes, Volumes: p.volumes, Claims: p.claims, Namespaces: map[string]labels.Set{"c": nil}}
	f.Classes = append(f.Classes, drilltest.StorageClass())
	for _, pod := range slices.Concat(p.pods, p.waiting) {
		one := drill.NewPod(pod)
		one.Core = true
		f.Pods = append(f.Pods, one)
	}
	return f
}

// lose takes the nodes away, lets the pods come back, and says what of it is not as reported.
func (p populated) lose(nodes []string, report drill.Report, random *rand.Rand) string {
	after := &world{t: p.t, volumes: slices.Clone(p.volumes), claims: slices.Clone(p.claims), others: p.others}
	defer func() { after.close() }()
	for _, n := range p.nodes {
		if !slices.Contains(nodes, n.Name) {
			after.nodes = append(after.nodes, n)
		}
	}
	waiting := slices.Clone(p.waiting)
	for _, pod := range p.pods {
		if !slices.Contains(nodes, pod.Spec.NodeName) {
			after.pods = append(after.pods, pod)
			continue
		}
		again := pod.DeepCopy()
		again.Spec.NodeName = ""
		waiting = append(waiting, again)
	}
	after.refresh()
	random.Shuffle(len(waiting), func(i, j int) { waiting[i], waiting[j] = waiting[j], waiting[i] })
	return differs(report, after.settle(waiting, random), after.pods)
}

// differs says which pod became of what the report did not say.
func differs(report drill.Report, waiting, bound []*corev1.Pod) string {
	named := func(name string) func(*corev1.Pod) bool { return func(p *corev1.Pod) bool { return p.Name == name } }
	for _, o := range report.Pods {
		i := slices.IndexFunc(bound, named(o.Name))
		switch {
		case i < 0 && !slices.ContainsFunc(waiting, named(o.Name)):
			return fmt.Sprintf("pod %s is not there", o.Name)
		case i < 0 && o.Fate == drill.Returns:
			return fmt.Sprintf("pod %s stays pending", o.Name)
		case i >= 0 && o.Fate == drill.Pending:
			return fmt.Sprintf("pod %s comes back on %s", o.Name, bound[i].Spec.NodeName)
		case i >= 0 && !slices.Contains(o.Nodes, bound[i].Spec.NodeName):
			return fmt.Sprintf("pod %s comes back on %s", o.Name, bound[i].Spec.NodeName)
		}
	}
	return ""
}
