package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// Services and controllers find core's pods by a few labels, whatever else a pod carries. A run with those labels is an
// endpoint of Polyaxon's API, or is adopted by core's ReplicaSet, which then deletes a real pod. So they claim core, and
// like other claims they must be earned; but they never make a pod core.
//
// Live Services and PodDisruptionBudgets are not looked at: tenants write them, too. What they select by is a claim
// already where it is core's alone by the charts' pattern or by the selector of a core workload. `doctor` warns of those
// that select core by anything else.

// taken are the places among core's pods that the pod takes and the old one did not; old is nil for a new pod. One is
// told: a Deployment, its ReplicaSet and its Service mostly select by the same label.
func (c claim) taken(pod, old *corev1.Pod, at func(label string) *field.Path) []Violation {
	places := c.places(pod)
	if old != nil {
		before := c.places(old)
		places = slices.DeleteFunc(places, func(p polyaxon.Place) bool { return slices.Contains(before, p) })
	}
	if len(places) == 0 {
		return nil
	}
	p := places[0]
	fix := "remove it"
	if p.Label == "app.kubernetes.io/name" && polyaxon.Identify(pod, c.release).Run {
		fix = "give the run another name" // 1.0 and later write it there
	}
	return []Violation{{
		Field:  at(p.Label),
		Detail: strings.TrimPrefix(fmt.Sprintf("%s %s, which %s is not trusted with", value(pod, p.Label), p.Why, c.who()), " "),
		Fix:    fmt.Sprintf("%s, or have %s create it", fix, c.trusted),
	}}
}

// value is that of a label, quoted; empty where there is no label.
func value(pod *corev1.Pod, label string) string {
	if label == "" {
		return ""
	}
	return fmt.Sprintf("%q", pod.Labels[label])
}

// places are all that the pod takes: those of the charts first.
func (c claim) places(pod *corev1.Pod) []polyaxon.Place {
	var found []polyaxon.Place
	for _, w := range c.core {
		if key, ok := w.finds(pod.Labels); ok {
			found = append(found, polyaxon.Place{Label: key, Why: "meets the selector of " + w.String() + ", which is Polyaxon's own"})
		}
	}
	slices.SortFunc(found, func(a, b polyaxon.Place) int { return cmp.Compare(a.Why, b.Why) }) // workloads come in no order
	return append(polyaxon.Places(pod, c.release), found...)
}

// finds says whether the workload's controller takes a pod with these labels for its own, and by which one: not only by
// labels that runs have as well, because core shares role=polyaxon-workers with them.
func (w CoreWorkload) finds(set labels.Set) (key string, ok bool) {
	if w.Selector == nil || !w.Selector.Matches(set) {
		return "", false
	}
	shared := labels.Set(polyaxon.Shared(set))
	if w.Selector.Matches(shared) {
		return "", false
	}
	requirements, _ := w.Selector.Requirements()
	for _, r := range requirements {
		if set.Has(r.Key()) && !shared.Has(r.Key()) {
			return r.Key(), true
		}
	}
	return "", true
}

// String is the workload for people: `Deployment "polyaxon-polyaxon-api"`.
func (w CoreWorkload) String() string { return fmt.Sprintf("%s %q", w.Kind.Kind, w.Name) }

// mirrored is the decision on a mirror pod: what its kubelet runs already is not judged, but a node that somebody took
// over does not put pods into core's Services. On a core node it may.
func (p *Policy) mirrored(r Request, d Decision) Decision {
	in := p.governed[r.Namespace]
	if in == nil || in.isCoreNode(r) {
		return d
	}
	found := claim{in, r.User, r.Core}.claims(r.Pod, r.Old)
	if len(found) == 0 {
		return d
	}
	for i := range found {
		found[i].Rule = ruleCoreClaim
		found[i].Detail = fmt.Sprintf("claims role %q for a static pod of node %q, which is in none of the role's node pools",
			v1alpha1.RoleCore, r.Pod.Spec.NodeName)
		found[i].Fix = "take the label out of the manifest on that node, or run it on a core node"
	}
	scope{in, r.Namespace, []string{v1alpha1.RoleCore}}.settle(&d, found, r.Today)
	d.Verdict = Allowed
	if len(d.Violations) > 0 {
		d.Verdict = Denied
	}
	return d
}

// isCoreNode says whether the pod's node is known and in a pool of role core.
func (in *installation) isCoreNode(r Request) bool {
	return r.Node != nil && r.Node.Name == r.Pod.Spec.NodeName &&
		slices.ContainsFunc(in.roles[v1alpha1.RoleCore].pools, func(p *pool) bool { return p.has(r.Node) })
}
