package cli

import (
	"cmp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/template"
)

// compare says of every pod whose decision differs what becomes of it, by namespace and name.
func compare(s *survey, current, revised side) []outcome {
	f := &forecast{survey: s, current: current, revised: revised, today: v1alpha1.DayOf(time.Now()), landings: map[string]bool{}}
	var outcomes []outcome
	for _, pod := range s.pods {
		if o := f.of(pod); o.Effect != "" {
			outcomes = append(outcomes, o)
		}
	}
	slices.SortFunc(outcomes, func(a, b outcome) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Pod, b.Pod))
	})
	return outcomes
}

// forecast compares two policies over one survey.
type forecast struct {
	*survey
	current, revised side
	today            v1alpha1.Day
	landings         map[string]bool // whether some live node takes such a pod, by its constraints
}

// of is what becomes of one pod; without an effect where nothing differs.
func (f *forecast) of(pod *corev1.Pod) outcome {
	r := f.request(pod)
	was, is := f.judge(f.current, r), f.judge(f.revised, r)
	o := outcome{
		Namespace: pod.Namespace, Pod: pod.Name, Owner: f.ownerOf(pod),
		Old: was.policyOutcome, New: is.policyOutcome, Changes: differences(was.changes(), is.changes()),
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
	if controller == nil || f.owners[controller.UID].template == nil {
		r.Pod = undo(f.current.Policy, r)
		return r
	}
	template := f.owners[controller.UID].template
	born.Labels, born.Annotations, born.Spec = template.Labels, template.Annotations, template.Spec
	r.Node = f.node(born.Spec.NodeName)
	return r
}

// node is the live node of that name; nil where there is no name, or no such node is known.
func (f *forecast) node(name string) *landing.Node {
	if name == "" {
		return nil
	}
	i := slices.IndexFunc(f.nodes, func(n landing.Node) bool { return n.Name == name })
	if i < 0 {
		return nil
	}
	return &f.nodes[i]
}

// ownerOf is whoever people think of as the pod's owner: "deployment.apps/web", or the pod itself where it has none.
func (f *forecast) ownerOf(pod *corev1.Pod) string {
	controller := metav1.GetControllerOfNoCopy(pod)
	if controller == nil {
		return objectName("", "Pod", pod.Name)
	}
	return cmp.Or(f.owners[controller.UID].name, ownerName(controller))
}

// judged is what one policy makes of a pod.
type judged struct {
	policyOutcome
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

func (f *forecast) judge(by side, r policy.Request) judged {
	d := by.Review(r)
	j := judged{decision: d, pod: orOwn(d, r.Pod)}
	j.policyOutcome = policyOutcome{
		Policy: d.Policy, Role: d.Role, Verdict: d.Verdict.String(), Sentence: d.Sentence(r.Pod.Name),
		Violations: violations(d), Warnings: append([]string{}, d.Warnings...),
	}
	if d.Verdict != policy.OutOfScope {
		j.NodePool, j.label = by.pool(r.Namespace, j.pod)
	}
	return j
}

// pool is the node pool to which the policy of the namespace sends a placed pod, and its label; empty for none.
func (s side) pool(namespace string, pod *corev1.Pod) (name, label string) {
	for _, file := range s.files {
		if !slices.Contains(file.Policy.Spec.Namespaces, namespace) {
			continue
		}
		for _, p := range file.Policy.Spec.NodePools {
			if value, ok := pod.Spec.NodeSelector[p.NodeLabel.Key]; ok && value == p.NodeLabel.Value {
				return p.Name, p.NodeLabel.Key + "=" + p.NodeLabel.Value
			}
		}
	}
	return "", ""
}

// effect is what matters most of what becomes of a pod; empty where nothing does.
func (f *forecast) effect(was, is judged, changes []difference) effect {
	denied, outside := policy.Denied.String(), policy.OutOfScope.String()
	switch {
	case is.Verdict == denied && was.Verdict != denied:
		return refused
	case is.Verdict == denied && !slices.Equal(was.Violations, is.Violations):
		return refusedOtherwise
	case is.Verdict == denied:
		return ""
	case f.lands(was.pod) && !f.lands(is.pod):
		return unschedulable
	case was.Verdict == outside && is.Verdict != outside:
		return governed
	case was.Verdict != outside && is.Verdict == outside:
		return released
	case was.Verdict == denied:
		return allowed
	case was.label != is.label:
		return moved
	case len(changes) > 0 || was.Role != is.Role:
		return changed
	case slices.ContainsFunc(is.Warnings, func(w string) bool { return !slices.Contains(was.Warnings, w) }):
		return warned
	}
	return ""
}

// lands says whether some live node takes the pod. Taints that nodes get while they are not ready, or cordoned, come and
// go: they do not count.
func (f *forecast) lands(pod *corev1.Pod) bool {
	constraints := landing.Of(&pod.Spec)
	key := jsonText(constraints)
	known, ok := f.landings[key]
	if !ok {
		known = slices.ContainsFunc(f.nodes, func(n landing.Node) bool {
			n.Taints = slices.DeleteFunc(slices.Clone(n.Taints), func(t corev1.Taint) bool {
				return strings.HasPrefix(t.Key, "node.kubernetes.io/")
			})
			return landing.Lands(constraints, n)
		})
		f.landings[key] = known
	}
	return known
}
