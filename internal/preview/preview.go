// Package preview says what a new policy would change for the pods of a cluster. It is handed what was read of the cluster,
// and knows no terminal.
package preview

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/explain"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/manifest"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/template"
)

// Cluster is what a preview has to know of a cluster.
type Cluster struct {
	Pods   []*corev1.Pod // those that have not ended
	Nodes  []landing.Node
	Owners map[types.UID]Owner // the controllers of pods, where they hold a template
}

// Owner is a controller of pods.
type Owner struct {
	Template *corev1.PodTemplateSpec
	Name     string // of what people made: the Deployment of a ReplicaSet, "deployment.apps/web"
}

// Policies are policies compiled together, and the documents that they come from.
type Policies struct {
	*policy.Policy
	Files []v1alpha1.File
}

// Compare says of every pod whose decision differs what becomes of it, by namespace and name.
func Compare(cluster Cluster, current, revised Policies, today v1alpha1.Day) []Outcome {
	f := &forecast{Cluster: cluster, current: current, revised: revised, today: today, landings: map[string]bool{}}
	var outcomes []Outcome
	for _, pod := range f.Pods {
		if o := f.of(pod); o.Effect != "" {
			outcomes = append(outcomes, o)
		}
	}
	slices.SortFunc(outcomes, func(a, b Outcome) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Pod, b.Pod))
	})
	return outcomes
}

// forecast compares two policies over one survey.
type forecast struct {
	Cluster
	current, revised Policies
	today            v1alpha1.Day
	landings         map[string]bool // whether some live node takes such a pod, by its constraints
}

// of is what becomes of one pod; without an effect where nothing differs.
func (f *forecast) of(pod *corev1.Pod) Outcome {
	r := f.request(pod)
	was, is := f.judge(f.current, r), f.judge(f.revised, r)
	o := Outcome{
		Namespace: pod.Namespace, Pod: pod.Name, Owner: f.ownerOf(pod),
		Old: was.PolicyOutcome, New: is.PolicyOutcome, Changes: differences(was.changes(), is.changes()),
	}
	o.Effect = f.effect(was, is, o.Changes)
	return o
}

// request asks for the pod as it was before the policy in force changed it.
func (f *forecast) request(pod *corev1.Pod) policy.Request {
	born := *pod
	born.Status, born.Spec.EphemeralContainers = corev1.PodStatus{}, nil
	if !template.NamedItsNode(pod.ManagedFields) {
		born.Spec.NodeName = ""
	}
	user := policy.UserNamed(template.CreatorOf(pod.OwnerReferences))
	r := policy.Request{Namespace: pod.Namespace, User: user, Pod: &born, Node: f.node(born.Spec.NodeName), Today: f.today}
	if user.Name == "" {
		r.Trust = policy.TrustUnknown
	}
	controller := metav1.GetControllerOfNoCopy(pod)
	if controller == nil || f.Owners[controller.UID].Template == nil {
		r.Pod = Undo(f.current.Policy, r)
		return r
	}
	template := f.Owners[controller.UID].Template
	born.Labels, born.Annotations, born.Spec = template.Labels, template.Annotations, template.Spec
	r.Node = f.node(born.Spec.NodeName)
	return r
}

// node is the live node of that name; nil where there is no name, or no such node is known.
func (f *forecast) node(name string) *landing.Node {
	i := slices.IndexFunc(f.Nodes, func(n landing.Node) bool { return n.Name == name })
	if i < 0 {
		return nil
	}
	return &f.Nodes[i]
}

// ownerOf is whoever people think of as the pod's owner: "deployment.apps/web", or the pod itself where it has none.
func (f *forecast) ownerOf(pod *corev1.Pod) string {
	controller := metav1.GetControllerOfNoCopy(pod)
	if controller == nil {
		return manifest.ObjectName("", "Pod", pod.Name)
	}
	return cmp.Or(f.Owners[controller.UID].Name, manifest.OwnerName(controller))
}

// judged is what one policy makes of a pod.
type judged struct {
	PolicyOutcome
	decision policy.Decision
	pod      *corev1.Pod // as it would be stored
	label    string      // of the node pool to which it is sent
}

// changes are what the policy would store otherwise: in shadow, nothing.
func (j judged) changes() []policy.Change {
	if j.decision.Shadow {
		return nil
	}
	return j.decision.Changes
}

func (f *forecast) judge(by Policies, r policy.Request) judged {
	d := by.Review(r)
	j := judged{decision: d, pod: orOwn(d, r.Pod)}
	j.PolicyOutcome = PolicyOutcome{
		Policy: d.Policy, Role: d.Role, Verdict: d.Verdict.String(), Sentence: d.Sentence(r.Pod.Name),
		Violations: explain.Violations(d), Warnings: append([]string{}, d.Warnings...),
	}
	if d.Verdict != policy.OutOfScope {
		j.NodePool, j.label = by.pool(r.Namespace, j.pod)
	}
	return j
}

// pool is the node pool to which the policy of the namespace sends a placed pod, and its label; empty for none.
func (p Policies) pool(namespace string, pod *corev1.Pod) (name, label string) {
	for _, file := range p.Files {
		if !slices.Contains(file.Policy.Spec.Namespaces, namespace) {
			continue
		}
		for _, n := range file.Policy.Spec.NodePools {
			if value, ok := pod.Spec.NodeSelector[n.NodeLabel.Key]; ok && value == n.NodeLabel.Value {
				return n.Name, n.NodeLabel.Key + "=" + n.NodeLabel.Value
			}
		}
	}
	return "", ""
}

// effect is what matters most of what becomes of a pod; empty where nothing does.
func (f *forecast) effect(was, is judged, changes []Difference) Effect {
	denied, outside := policy.Denied.String(), policy.OutOfScope.String()
	switch {
	case is.Verdict == denied && was.Verdict != denied:
		return Refused
	case is.Verdict == denied && !slices.Equal(was.Violations, is.Violations):
		return RefusedOtherwise
	case is.Verdict == denied:
		return ""
	case f.lands(was.pod) && !f.lands(is.pod):
		return Unschedulable
	case was.Verdict == outside && is.Verdict != outside:
		return Governed
	case was.Verdict != outside && is.Verdict == outside:
		return Released
	case was.Verdict == denied:
		return Allowed
	case was.label != is.label:
		return Moved
	case len(changes) > 0 || was.Role != is.Role:
		return Changed
	case slices.ContainsFunc(is.Warnings, func(w string) bool { return !slices.Contains(was.Warnings, w) }):
		return Warned
	}
	return ""
}

// lands says whether some live node takes the pod. Taints that nodes get while they are not ready, or cordoned, come and
// go: they do not count.
func (f *forecast) lands(pod *corev1.Pod) bool {
	constraints := landing.Of(&pod.Spec)
	text, _ := json.Marshal(constraints) // they hold nothing that JSON does not know
	key := string(text)
	known, ok := f.landings[key]
	if !ok {
		known = slices.ContainsFunc(f.Nodes, func(n landing.Node) bool {
			n.Taints = slices.DeleteFunc(slices.Clone(n.Taints), func(t corev1.Taint) bool {
				return strings.HasPrefix(t.Key, "node.kubernetes.io/")
			})
			return landing.Lands(constraints, n)
		})
		f.landings[key] = known
	}
	return known
}
