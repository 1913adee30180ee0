// Package clustermap says which pod is on which node of a cluster, and which is not allowed there. It makes the map that
// package picture draws.
package clustermap

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/manifest"
	"github.com/polymoat/polymoat/internal/picture"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/polyaxon"
	"github.com/polymoat/polymoat/internal/template"
)

// Builder puts the nodes and pods of a cluster into a map, one by one: of a pod it keeps what is drawn, and no more.
// Nodes come first.
type Builder struct {
	Rules *policy.Policy                   // without shadow, in which no pod counts as where it is
	Core  map[string][]policy.CoreWorkload // by namespace; none where they are not known

	files []v1alpha1.File
	today v1alpha1.Day
	drawn *picture.Map
	nodes map[string]located
}

// located is a node and where it is drawn.
type located struct {
	live       *landing.Node
	pool, node int
}

// New begins the map of a cluster as of now, with the node pools of the policies.
func New(files []v1alpha1.File, cluster string, now time.Time) (*Builder, error) {
	b := &Builder{
		files: files, today: v1alpha1.DayOf(now), nodes: map[string]located{}, Core: map[string][]policy.CoreWorkload{},
		drawn: &picture.Map{Cluster: cluster, Taken: now, Waiting: []picture.Pod{}},
	}
	var docs []*v1alpha1.PlacementPolicy
	for _, file := range files {
		doc := *file.Policy
		doc.Spec.Shadow = nil
		docs = append(docs, &doc)
		for _, n := range doc.Spec.NodePools {
			b.addPool(n)
		}
	}
	b.drawn.Pools = append(b.drawn.Pools, picture.Pool{Nodes: []picture.Node{}})
	var err error
	b.Rules, err = policy.New(docs...)
	return b, err
}

// addPool adds a node pool, unless another policy has described the same nodes: they are protected if one of them says so.
func (b *Builder) addPool(n v1alpha1.NodePool) {
	label := n.NodeLabel.Key + "=" + n.NodeLabel.Value
	i := slices.IndexFunc(b.drawn.Pools, func(p picture.Pool) bool { return p.Label == label })
	if i < 0 {
		i = len(b.drawn.Pools)
		b.drawn.Pools = append(b.drawn.Pools, picture.Pool{Name: n.Name, Label: label, Nodes: []picture.Node{}})
	}
	b.drawn.Pools[i].Protected = b.drawn.Pools[i].Protected || n.Protected
}

// AddNode draws a node in its pool. Where several describe it, a protected one counts.
func (b *Builder) AddNode(node *corev1.Node) {
	at := len(b.drawn.Pools) - 1
	for i, p := range b.drawn.Pools[:at] {
		if b.has(p, node) && (at == len(b.drawn.Pools)-1 || p.Protected && !b.drawn.Pools[at].Protected) {
			at = i
		}
	}
	pool := &b.drawn.Pools[at]
	b.nodes[node.Name] = located{&landing.Node{Name: node.Name, Labels: node.Labels, Taints: node.Spec.Taints}, at, len(pool.Nodes)}
	pool.Nodes = append(pool.Nodes, picture.Node{Name: node.Name, Notes: notesOn(node), Pods: []picture.Pod{}})
}

// has says whether the node carries the label of the pool.
func (b *Builder) has(p picture.Pool, node *corev1.Node) bool {
	return slices.ContainsFunc(b.files, func(f v1alpha1.File) bool {
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

// AddPod draws a pod on its node. One on a node that has gone since, or that came later, is left out: its node is not known.
func (b *Builder) AddPod(pod *corev1.Pod) {
	if pod.Spec.NodeName == "" {
		b.drawn.Waiting = append(b.drawn.Waiting, b.locate(pod, nil))
		return
	}
	if at, ok := b.nodes[pod.Spec.NodeName]; ok {
		node := &b.drawn.Pools[at.pool].Nodes[at.node]
		node.Pods = append(node.Pods, b.locate(pod, &at))
	}
}

// locate is what is drawn of a pod; at is nil where it waits for a node.
func (b *Builder) locate(pod *corev1.Pod, at *located) picture.Pod {
	drawn := picture.Pod{Namespace: pod.Namespace, Name: pod.Name}
	drawn.Owner, drawn.Project = polyaxon.Project(pod)
	if parent := metav1.GetControllerOfNoCopy(pod); parent != nil {
		drawn.Parent = manifest.OwnerName(parent)
	}
	d := b.judge(pod, at)
	drawn.Role = d.Role
	if at == nil || !b.drawn.Pools[at.pool].Protected {
		return drawn
	}
	pool := b.drawn.Pools[at.pool].Name
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
func (b *Builder) judge(pod *corev1.Pod, at *located) policy.Decision {
	bound := *pod
	bound.Status, bound.Spec.EphemeralContainers = corev1.PodStatus{}, nil
	r := policy.Request{
		Namespace: pod.Namespace, User: policy.UserNamed(template.CreatorOf(pod.OwnerReferences)), Pod: &bound,
		Core: b.Core[pod.Namespace], Running: true, Today: b.today,
	}
	if at != nil {
		bound.Spec.NodeSelector, bound.Spec.Affinity = nil, nil
		bound.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
		r.Node = at.live
	}
	return b.Rules.Validate(r)
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
	return fmt.Sprintf("under which user its controller %s runs is not known", manifest.OwnerName(parent))
}

// Map is the map in the order in which it is drawn. Only the pods of the namespaces were added; of all if there are none.
func (b *Builder) Map(namespaces []string) *picture.Map {
	b.drawn.Namespaces = namespaces
	b.drawn.Sort()
	return b.drawn
}
