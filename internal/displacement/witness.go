package displacement

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/landing"
)

// Core is a kind of core pods, as other pods can be held against it.
type Core struct {
	Name   string // for people: `StatefulSet "polyaxon-redis"`
	Labels map[string]string
	// Claims are the PersistentVolumeClaims that it mounts. "data-redis-*" stands for those of a StatefulSet's replicas.
	Claims []string
}

// mounts says whether the claim is one of its own.
func (c Core) mounts(claim string) bool {
	return slices.ContainsFunc(c.Claims, func(own string) bool {
		prefix, numbered := strings.CutSuffix(own, "*")
		if !numbered {
			return own == claim
		}
		number, found := strings.CutPrefix(claim, prefix)
		return found && number != "" && strings.Trim(number, "0123456789") == ""
	})
}

// Makes says whether the claim is one that is made for its pods alone: those of a StatefulSet.
func (c Core) Makes(claim string) bool {
	return c.mounts(claim) && !slices.Contains(c.Claims, claim)
}

// Run is a pod of a group of a higher priority than core. It is read, never modified.
type Run struct {
	Namespace string // that of core, too
	Labels    map[string]string
	Spec      *corev1.PodSpec
	Own       []landing.Pool // where it may run
}

// Size is how much work it is to hold the run against one kind of core pods and two pools, in the steps of landing.
func (r Run) Size() int {
	places := 2
	for i := range r.Spec.TopologySpreadConstraints {
		places += 4 + selectorSize(r.Spec.TopologySpreadConstraints[i].LabelSelector)
	}
	if a := r.Spec.Affinity; a != nil && a.PodAffinity != nil {
		for _, t := range a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
			places += 2 + selectorSize(t.LabelSelector)
		}
	}
	if a := r.Spec.Affinity; a != nil && a.PodAntiAffinity != nil {
		for _, t := range a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
			places += 3 + selectorSize(t.LabelSelector)
		}
	}
	return len(r.Spec.Volumes) + places*(1+landing.Of(r.Spec).Size()+2*len(r.Spec.TopologySpreadConstraints))
}

func selectorSize(s *metav1.LabelSelector) int {
	if s == nil {
		return 0
	}
	n := len(s.MatchLabels)
	for _, e := range s.MatchExpressions {
		n += 1 + len(e.Values)
	}
	return n
}

// Witness is a cluster in which the scheduler deletes a core pod for the run's group.
type Witness struct {
	Field *field.Path // of the run's spec: what its group needs core gone for
	Goes  Core
	// Replicas of it run on CoreNode. RunNode is where the run goes, and Empty are nodes on which nothing runs.
	Replicas          int
	RunNode, CoreNode landing.Node
	Empty             []landing.Node
	// Once says that it holds where the claim that both mount is ReadWriteOncePod.
	Once bool
}

// Find returns a witness; false where no field of the run can have its group displace such a pod from a node of the
// protected pools. A host port, and whatever else is of one node alone, cannot: the run is kept off core's nodes.
// The cluster is the smallest: other fields of the run may need more of it than Find looks at.
func Find(run Run, core []Core, protected []landing.Pool) (Witness, bool) {
	for _, c := range core {
		for _, at := range run.Own {
			for _, of := range protected {
				p := pair{run, c, landing.Of(run.Spec), at, of}
				for _, look := range []func(pair) (Witness, bool){spread, affinity, antiAffinity, claim} {
					if w, ok := look(p); ok {
						w.Goes, w.Replicas = c, max(w.Replicas, 1)
						return w, true
					}
				}
			}
		}
	}
	return Witness{}, false
}

// pair is a run that lands on one pool, and a core pod that runs on another.
type pair struct {
	Run
	core Core
	asks landing.Constraints
	at   landing.Pool // the run's
	of   landing.Pool // core's
}

// anywhere are the constraints of a pod that takes every node.
var anywhere = landing.Constraints{Tolerations: []corev1.Toleration{{Operator: corev1.TolerationOpExists}}}

// together returns a node for the run and one for core that have one value of the label; core's meets the constraints, too.
func (p pair) together(key string, core landing.Constraints, also ...corev1.NodeSelectorRequirement) (run, of landing.Node, ok bool) {
	asks := p.asks.And(also...).And(exists(key))
	if run, ok = landing.Witness(asks, p.at); ok {
		if of, ok = another(run, core.And(also...).And(in(key, run.Labels[key])), p.of); ok {
			return run, of, true
		}
	}
	if of, ok = landing.Witness(core.And(also...).And(exists(key)), p.of); !ok {
		return run, of, false
	}
	if run, ok = landing.Witness(asks.And(in(key, of.Labels[key])), p.at); ok && run.Name == of.Name {
		of, ok = another(run, core.And(also...).And(in(key, run.Labels[key])), p.of)
	}
	return run, of, ok
}

// another is a witness with another name than the run's node has.
func another(run landing.Node, c landing.Constraints, pool landing.Pool) (landing.Node, bool) {
	of, ok := landing.Witness(c, pool)
	if ok && of.Name == run.Name {
		of.Name = "core-node"
		ok = landing.Lands(c, of)
	}
	return of, ok
}

func exists(key string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpExists}
}

func in(key, value string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpIn, Values: []string{value}}
}

func notIn(key, value string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpNotIn, Values: []string{value}}
}

// claim looks for a PersistentVolumeClaim of core's: one that is ReadWriteOncePod is free for the run when core is gone.
func claim(p pair) (Witness, bool) {
	for i, v := range p.Spec.Volumes {
		if v.PersistentVolumeClaim == nil || !p.core.mounts(v.PersistentVolumeClaim.ClaimName) {
			continue
		}
		run, ok := landing.Witness(p.asks, p.at)
		of, there := another(run, anywhere, p.of)
		path := field.NewPath("spec", "volumes").Index(i).Child("persistentVolumeClaim", "claimName")
		return Witness{Field: path, RunNode: run, CoreNode: of, Once: true}, ok && there
	}
	return Witness{}, false
}

// reaches says whether the labels are among those that keys of the run's own narrow a selector to.
func (p pair) reaches(selector labels.Selector, keys []string, of map[string]string) bool {
	return selector.Matches(labels.Set(of)) && !slices.ContainsFunc(keys, func(key string) bool {
		own, has := p.Labels[key]
		value, carries := of[key]
		return has && (!carries || value != own)
	})
}
