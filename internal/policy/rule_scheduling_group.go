package policy

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/displacement"
	"github.com/polymoat/polymoat/internal/landing"
)

var pathSchedulingGroup = field.NewPath("spec", "schedulingGroup")

// The pods of a group (spec.schedulingGroup) make room for themselves in the whole cluster, and not on the node alone on
// which they land: a run that is kept off core's nodes could have core deleted there.
//
// Refused is a pod of a group, unless core is known to outrank it: then no preemption of core exists. That takes that the
// priorities of the cluster are known, that polymoat is asked about groups, which have priorities of their own, that the
// pod's priority is not above that of any core pod, or that it evicts nobody, and that the cluster's default is not either,
// which a group gets that names no class. A role with schedulingGroups Allow is
// for clusters that keep that order by other means: there rule displacement remains.
func schedulingGroup(v View) []Violation {
	why := v.disorder()
	if why == "" || v.role.groups && v.ownRole.groups && v.labelRole.groups {
		return nil
	}
	return []Violation{{
		Field:  pathSchedulingGroup,
		Detail: "puts the pod into a group, which may evict core's pods",
		Fix:    fmt.Sprintf("remove it, or have the policy allow schedulingGroups for role %q", v.role.name), Evidence: why,
	}}
}

// disorder is why core is not known to outrank the group of the pod; empty where it is, and for a pod of none.
func (v View) disorder() string {
	if v.Pod.Spec.SchedulingGroup == nil || v.role.name == v1alpha1.RoleCore {
		return ""
	}
	switch {
	case v.Priorities == nil || v.Priorities.Unlisted:
		return "the priorities of the cluster are not known"
	case !v.Priorities.GroupsReviewed:
		return "polymoat is not asked about PodGroups, which have priorities of their own"
	}
	if p := v.Priorities.preemptor(&v.Pod.Spec); !p.Spares(v.coreRank) {
		return fmt.Sprintf("its priority %d is above core's lowest, %d", p.Priority, v.coreRank)
	}
	if _, class := v.Priorities.defaultClass(); class.Value > v.coreRank {
		return fmt.Sprintf("its group may have the cluster's default priority, %d, which is above core's lowest, %d", class.Value, v.coreRank)
	}
	return ""
}

// Where the order of priorities is missing, some fields of a pod of a group are met only with core gone from its nodes.
//
// Refused are, in such a pod: a topologySpreadConstraint that counts core's pods on core's nodes, as nodeAffinityPolicy or
// nodeTaintsPolicy Ignore may have it; required pod affinity that both core and the pod itself meet, and required
// anti-affinity to core; a PersistentVolumeClaim of core's. The answer names the core pod that would go and both nodes.
// Host ports are of one node alone, and a pod without a group evicts on the node that it lands on: neither displaces core.
//
// Refused is in any pod a claim that a StatefulSet of core makes for its own pods, and a ReadWriteOncePod claim that a core
// workload names: its pods could not start while it is mounted elsewhere, and a priority frees no node but the one that core
// would run on.
func displaces(v View) []Violation {
	if starved := v.starving(); len(starved) > 0 || v.disorder() == "" {
		return starved
	}
	run := displacement.Run{Namespace: v.Namespace, Labels: v.Pod.Labels, Spec: &v.Pod.Spec}
	for _, p := range v.pools {
		run.Own = append(run.Own, p.Pool)
	}
	run.Own = append(run.Own, v.in.free.alone)
	var protected []landing.Pool
	for _, p := range v.protected {
		if !v.mayUse(p) {
			protected = append(protected, p.Pool)
		}
	}
	core := v.coreKinds()
	if !v.steps.take(run.Size() * len(core) * len(run.Own) * len(protected)) {
		return nil
	}
	w, found := displacement.Find(run, core, protected)
	if !found {
		return nil
	}
	delete(w.RunNode.Labels, anywhere.Key)
	return []Violation{displaced(w)}
}

// starving are the claims of core's workloads that a pod of another role mounts, so that core's own pods cannot.
func (v View) starving() []Violation {
	if v.role.name == v1alpha1.RoleCore || !v.steps.take(len(v.Pod.Spec.Volumes)*len(v.Core)) {
		return nil
	}
	var found []Violation
	for i := range v.Pod.Spec.Volumes {
		claim := v.Pod.Spec.Volumes[i].PersistentVolumeClaim
		if claim == nil {
			continue
		}
		for _, core := range v.Core {
			if why := core.keeps(claim.ClaimName); why != "" {
				found = append(found, Violation{
					Field:  field.NewPath("spec", "volumes").Index(i).Child("persistentVolumeClaim", "claimName"),
					Detail: fmt.Sprintf("is %q, %s", short(claim.ClaimName), why),
					Fix:    "name another claim", Evidence: "core's own pods could not start while the pod has it",
				})
				break
			}
		}
	}
	return found
}

// keeps is why its pods need the claim for themselves; empty where they do not.
func (w CoreWorkload) keeps(claim string) string {
	switch {
	case slices.Contains(w.OncePod, claim):
		return fmt.Sprintf("a ReadWriteOncePod claim of the pods of %s", w.kind().Name)
	case w.kind().Makes(claim):
		return fmt.Sprintf("which %s makes for its own pods", w.kind().Name)
	}
	return ""
}

// kind is what displacement knows of its pods.
func (w CoreWorkload) kind() displacement.Core {
	return displacement.Core{Name: fmt.Sprintf("%s %q", w.Kind.Kind, short(w.Name)), Labels: w.Labels, Claims: w.Claims}
}

// displaced words a witness.
func displaced(w displacement.Witness) Violation {
	found := Violation{Field: w.Field, Detail: "is met when core's pods are gone", Fix: "remove it, or leave the group"}
	if w.Once {
		found.Detail = "is core's own claim"
	}
	found.Evidence = fmt.Sprintf("it could evict a pod of %s from %s, to run on %s", w.Goes.Name, w.CoreNode, w.RunNode)
	return found
}

// coreKinds are the core pods of the namespace: those of its workloads, and others by the labels of Polyaxon's charts.
func (v View) coreKinds() []displacement.Core {
	var kinds []displacement.Core
	for _, w := range v.Core {
		kinds = append(kinds, w.kind())
	}
	return append(kinds,
		displacement.Core{Name: "core", Labels: map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"}},
		displacement.Core{Name: "core", Labels: map[string]string{"type": "polyaxon-core"}})
}
