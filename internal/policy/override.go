package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// overridePrefix is the domain of the annotations and labels that ask for something else than the role's placement.
const overridePrefix = "polymoat.io/"

// longestOverride bounds a value in bytes: it is parsed on every request.
const longestOverride = 1024

// Override is one thing that the pod of a run may ask for, inside the bounds that the policy sets for its role.
type Override struct {
	// Name is the annotation: "polymoat.io/node-pool". Doc says what it asks for, Example is a value.
	Name, Doc, Example string
	// Label says that a label of that name counts, too: Polyaxon drops annotations on many paths.
	Label bool
	// Bounds is what a role accepts, for people: "gpu, builds", "1000 to 1999". Empty where it accepts none.
	Bounds func(*v1alpha1.Overrides) string
	// Set reads a value into the placement. The error continues the sentence that names the value.
	Set func(value string, p *Placement) error
	// anyway is what to say of a value that the pod has already, whatever the bounds are; empty of any other.
	anyway func(value string, p *Placement) string
}

// Overrides are all overrides, in the order in which they are read: the role decides what the node pool may be.
var Overrides = []Override{
	{"polymoat.io/role", "the node pools of another role; the stricter hardening of both holds", `notebooks`,
		true, func(o *v1alpha1.Overrides) string { return strings.Join(o.Roles, ", ") }, setRole, sameRole},
	{"polymoat.io/node-pool", "another node pool", `gpu`,
		true, func(o *v1alpha1.Overrides) string { return strings.Join(o.NodePools, ", ") }, setPool, samePool},
	{"polymoat.io/node-selector", "nodes with these labels", `{"disk":"ssd"}`,
		false, func(o *v1alpha1.Overrides) string { return anyOf(o.NodeSelectorKeys) }, setNodeSelector, sameNodeSelector},
	{"polymoat.io/tolerations", "nodes with these taints, too", `[{"key":"spot","operator":"Exists"}]`,
		false, func(o *v1alpha1.Overrides) string { return anyOf(o.TolerationKeys) }, setTolerations, sameTolerations},
	{"polymoat.io/run-as-user", "the uid of its processes", `1000`,
		true, runAsUser.accepted, runAsUser.set, runAsUser.same},
	{"polymoat.io/run-as-group", "the gid of its processes", `1000`,
		true, runAsGroup.accepted, runAsGroup.set, runAsGroup.same},
	{"polymoat.io/fs-group", "the group that owns its volumes", `1000`,
		true, fsGroup.accepted, fsGroup.set, fsGroup.same},
}

// override takes in what the pod asks for, and its owner where that counts. What is not accepted changes nothing and is
// listed in s.invalid.
func (s *subject) override(pod *corev1.Pod, owner *polyaxon.Owner) {
	asked, errs := allAsks(pod, owner)
	p := &Placement{subject: s, pod: pod, own: s.role}
	for _, a := range asked {
		if err := p.take(a); err != nil {
			errs = append(errs, field.Invalid(a.path, short(a.value), err.Error()))
			continue
		}
		p.names = append(p.names, a.Name)
	}
	s.asked, s.invalid = *p, errs
}

// take sets one override, if the role accepts it. One that asks for what the pod has is accepted as well and sets nothing:
// Mutate places and hardens a pod without what it does not accept, and Validate sees the pod then.
func (p *Placement) take(a ask) error {
	err := p.within(a)
	if err == nil {
		return nil
	}
	if said := a.anyway(a.value, p); said != "" {
		p.say("%s anyway", said)
		return nil
	}
	return err
}

// within sets one override inside the bounds of the role.
func (p *Placement) within(a ask) error {
	accepted := p.own.accepted
	switch {
	case len(accepted) == 0:
		return fmt.Errorf("role %q accepts no overrides; remove it", p.own.name)
	case !slices.Contains(accepted, a.Name):
		return fmt.Errorf("role %q does not accept this override; remove it (accepted: %s)", p.own.name, v1alpha1.Quoted(accepted))
	case len(a.value) > longestOverride:
		return fmt.Errorf("is %d bytes long, at most %d are read; shorten it", len(a.value), longestOverride)
	}
	return a.Set(a.value, p)
}

// acceptedBy are the names of the overrides that are accepted at all; nil bounds accept none.
func acceptedBy(bounds *v1alpha1.Overrides) []string {
	var names []string
	for _, o := range Overrides {
		if bounds != nil && o.Bounds(bounds) != "" {
			names = append(names, o.Name)
		}
	}
	return names
}

// ask is one override that a pod or its owner carries.
type ask struct {
	Override
	value string
	path  *field.Path
}

// asks are the overrides that it carries, in the order of Overrides, and what in our domain is none.
func (b overrideSource) asks() ([]ask, field.ErrorList) {
	if !asksAnything(b.annotations) && !asksAnything(b.labels) {
		return nil, nil
	}
	errs := append(unknownOverrides(b.annotation, b.annotations), unknownOverrides(b.label, b.labels)...)
	var asked []ask
	for _, o := range Overrides {
		value, annotated := b.annotations[o.Name]
		label, labelled := b.labels[o.Name]
		switch {
		case labelled && !o.Label:
			errs = append(errs, field.Invalid(b.label(o.Name), short(label), "is read from an annotation only; write it as one"))
		case labelled && annotated && label != value:
			errs = append(errs, field.Invalid(b.label(o.Name), short(label),
				fmt.Sprintf("disagrees with %s, which is %q; keep one", b.annotation(o.Name), short(value))))
		case annotated:
			asked = append(asked, ask{o, value, b.annotation(o.Name)})
		case labelled:
			asked = append(asked, ask{o, label, b.label(o.Name)})
		}
	}
	return asked, errs
}

func asksAnything(values map[string]string) bool {
	for key := range values {
		if IsOverrideKey(key) {
			return true
		}
	}
	return false
}

// unknownOverrides are keys in our domain that are no override. One that is not understood is refused rather than ignored:
// its author relies on it. Those beyond the most are only counted: they ask for nothing, whatever they are.
func unknownOverrides(at func(key string) *field.Path, values map[string]string) field.ErrorList {
	var found []string
	for key := range values {
		if IsOverrideKey(key) && !slices.ContainsFunc(Overrides, func(o Override) bool { return o.Name == key }) {
			found = append(found, key)
		}
	}
	slices.Sort(found)
	var errs field.ErrorList
	for _, key := range found[:min(len(found), mostFound)] {
		errs = append(errs, field.Invalid(at(short(key)), short(values[key]), "is not an override; "+suggest(short(key))))
	}
	if more := len(found) - len(errs); more > 0 {
		last := errs[len(errs)-1]
		last.Detail += fmt.Sprintf("; and %d more keys are none either", more)
	}
	return errs
}

// suggest is the override nearest to a key, or all of them.
func suggest(key string) string {
	var names []string
	for _, o := range Overrides {
		names = append(names, strings.TrimPrefix(o.Name, overridePrefix))
	}
	if near := v1alpha1.Nearest(key[len(overridePrefix):], names); near != "" {
		return fmt.Sprintf("did you mean %q?", overridePrefix+near)
	}
	return fmt.Sprintf("accepted after %q: %s", overridePrefix, v1alpha1.Quoted(names))
}

// oneOf is the error of a value that is not accepted, with the nearest that is.
func (p *Placement) oneOf(value string, accepted []string) error {
	if slices.Contains(accepted, value) {
		return nil
	}
	text := fmt.Sprintf("role %q accepts %s", p.own.name, v1alpha1.Quoted(accepted))
	if near := v1alpha1.Nearest(value, accepted); near != "" {
		text += fmt.Sprintf("; did you mean %q?", near)
	}
	return errors.New(text)
}
