package cli

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/picture"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/polyaxon"
	"github.com/polymoat/polymoat/internal/template"
)

// locator puts the nodes and pods of a cluster into a map, one by one: of a pod it keeps what is drawn, and no more.
// Nodes come first.
type locator struct {
	files []v1alpha1.File
	rules *policy.Policy // without shadow, in which no pod counts as where it is
	today v1alpha1.Day
	drawn *picture.Map
	nodes map[string]located
	core  map[string][]policy.CoreWorkload // by namespace; none where they are not known
}

// located is a node and where it is drawn.
type located struct {
	live       *landing.Node
	pool, node int
}

func newLocator(files []v1alpha1.File, now time.Time) (*locator, error) {
	l := &locator{
		files: files, today: v1alpha1.DayOf(now), nodes: map[string]located{}, core: map[string][]policy.CoreWorkload{},
		drawn: &picture.Map{Taken: now, Waiting: []picture.Pod{}},
	}
	var docs []*v1alpha1.PlacementPolicy
	for _, file := range files {
		doc := *file.Policy
		doc.Spec.Shadow = nil
		docs = append(docs, &doc)
		for _, n := range doc.Spec.NodePools {
			l.addPool(n)
		}
	}
	l.drawn.Pools = append(l.drawn.Pools, picture.Pool{Nodes: []picture.Node{}})
	var err error
	l.rules, err = policy.New(docs...)
	return l, err
}

// addPool adds a node pool, unless another policy has described the same nodes: they are protected if one of them says so.
func (l *locator) addPool(n v1alpha1.NodePool) {
	label := n.NodeLabel.Key + "=" + n.NodeLabel.Value
	i := slices.IndexFunc(l.drawn.Pools, func(p picture.Pool) bool { return p.Label == label })
	if i < 0 {
		i = len(l.drawn.Pools)
		l.drawn.Pools = append(l.drawn.Pools, picture.Pool{Name: n.Name, Label: label, Nodes: []picture.Node{}})
	}
	l.drawn.Pools[i].Protected = l.drawn.Pools[i].Protected || n.Protected
}

// addNode draws a node in its pool. Where several describe it, a protected one counts.
func (l *locator) addNode(node *corev1.Node) {
	at := len(l.drawn.Pools) - 1
	for i, p := range l.drawn.Pools[:at] {
		if l.has(p, node) && (at == len(l.drawn.Pools)-1 || p.Protected && !l.drawn.Pools[at].Protected) {
			at = i
		}
	}
	pool := &l.drawn.Pools[at]
	l.nodes[node.Name] = located{landingNode(node), at, len(pool.Nodes)}
	pool.Nodes = append(pool.Nodes, picture.Node{Name: node.Name, Notes: notesOn(node), Pods: []picture.Pod{}})
}

// has says whether the node carries the label of the pool.
func (l *locator) has(p picture.Pool, node *corev1.Node) bool {
	return slices.ContainsFunc(l.files, func(f v1alpha1.File) bool {
		return slices.ContainsFunc(f.Policy.Spec.NodePools, func(n v1alpha1.NodePool) bool {
			value, ok := node.Labels[n.NodeLabel.Key]
			return ok && value == n.NodeLabel.Value && p.Label == n.NodeLabel.Key+"="+value
		})
	})
}

// notesOn are what else is to be said of a node.
func notesOn(node *corev1.Node) []string {
	var notes []string
	if node.Spec.Unschedulable {
		notes = append(notes, "cordoned")
	}
	ready := func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	}
	if !slices.ContainsFunc(node.Status.Conditions, ready) {
		notes = append(notes, "not ready")
	}
	return notes
}

// addPod draws a pod on its node. One on a node that has gone since, or that came later, is left out: its node is not known.
func (l *locator) addPod(pod *corev1.Pod) {
	if pod.Spec.NodeName == "" {
		l.drawn.Waiting = append(l.drawn.Waiting, l.locate(pod, nil))
		return
	}
	if at, ok := l.nodes[pod.Spec.NodeName]; ok {
		node := &l.drawn.Pools[at.pool].Nodes[at.node]
		node.Pods = append(node.Pods, l.locate(pod, &at))
	}
}

// locate is what is drawn of a pod; at is nil where it waits for a node.
func (l *locator) locate(pod *corev1.Pod, at *located) picture.Pod {
	drawn := picture.Pod{Namespace: pod.Namespace, Name: pod.Name}
	drawn.Owner, drawn.Project = polyaxon.Project(pod)
	if parent := metav1.GetControllerOfNoCopy(pod); parent != nil {
		drawn.Parent = ownerName(parent)
	}
	d := l.judge(pod, at)
	drawn.Role = d.Role
	if at == nil || !l.drawn.Pools[at.pool].Protected {
		return drawn
	}
	pool := l.drawn.Pools[at.pool].Name
	switch {
	case violates(d, "core-nodes"):
		drawn.Mark, drawn.Because = picture.Misplaced, fmt.Sprintf("role %q may not use node pool %q", d.Role, pool)
	case d.ClaimsCore() && template.CreatorOf(pod.OwnerReferences) != "":
		drawn.Mark, drawn.Because = picture.Misplaced, fmt.Sprintf("not from a core workload: the template of %s does not claim role %q", drawn.Parent, v1alpha1.RoleCore)
	case d.ClaimsCore():
		drawn.Mark, drawn.Because = picture.Unproven, cmp.Or(claimant(pod), "it has no controller")
	}
	return drawn
}

// judge asks the rules whether the pod's role may be on its node. How it came there does not count: it is judged as if
// nothing had kept it off, and nothing but its node were asked for.
func (l *locator) judge(pod *corev1.Pod, at *located) policy.Decision {
	bound := *pod
	bound.Status, bound.Spec.EphemeralContainers = corev1.PodStatus{}, nil
	r := policy.Request{
		Namespace: pod.Namespace, User: policy.UserNamed(template.CreatorOf(pod.OwnerReferences)), Pod: &bound,
		Core: l.core[pod.Namespace], Running: true, Today: l.today,
	}
	if at != nil {
		bound.Spec.NodeSelector, bound.Spec.Affinity = nil, nil
		bound.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
		r.Node = at.live
	}
	return l.rules.Validate(r)
}

// violates says whether the rule found anything that no exception lifts, whatever its mode.
func violates(d policy.Decision, rule string) bool {
	is := func(v policy.Violation) bool { return v.Rule == rule }
	return slices.ContainsFunc(d.Violations, is) || slices.ContainsFunc(d.Warned, is) || slices.ContainsFunc(d.Audited, is)
}

// claimant says which controller is not known to be trusted; empty where there is none.
func claimant(pod *corev1.Pod) string {
	parent := metav1.GetControllerOfNoCopy(pod)
	if parent == nil {
		return ""
	}
	return fmt.Sprintf("under which user its controller %s runs is not known", ownerName(parent))
}

// finish is the map in the order in which it is drawn.
func (l *locator) finish() *picture.Map {
	l.drawn.Sort()
	return l.drawn
}
