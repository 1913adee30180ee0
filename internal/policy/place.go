package policy

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/landing"
)

// The places in a pod that are changed and judged.
var (
	pathSpec         = field.NewPath("spec")
	pathNodeName     = field.NewPath("spec", "nodeName")
	pathNodeSelector = field.NewPath("spec", "nodeSelector")
	pathTolerations  = field.NewPath("spec", "tolerations")
)

// place sends the pod to a pool of its role: the pool that the pod asks for where the role may have it, else the
// role's first. A pod that asks for something else is moved or left as it is, as the role's onConflict says.
func (s *subject) place(e *edit) {
	pool := s.askedFor(landing.Of(&e.pod.Spec))
	if pool == nil && len(s.role.pools) > 0 {
		if pool = s.move(e); pool == nil {
			return
		}
	}
	if pool != nil {
		e.selectNodes(map[string]string{pool.Key: pool.Value}, FromPool)
		e.tolerateTaints(pool.Taints)
	}
	e.selectNodes(s.role.nodeSelector, FromRole)
	for _, t := range s.role.tolerations {
		e.tolerate(t, FromRole)
	}
	e.attract(s.role.affinity)
}

// move frees the pod of what asks for another pool, if the role is moved rather than refused and that gives it a pool;
// nil where it does not.
func (s *subject) move(e *edit) *pool {
	if !s.role.replace {
		return nil
	}
	freed := &edit{pod: shallowCopy(e.pod)}
	freed.release(s.in.pools)
	pool := s.askedFor(landing.Of(&freed.pod.Spec))
	if pool != nil {
		e.pod, e.changes = freed.pod, append(e.changes, freed.changes...)
	}
	return pool
}

// askedFor is the first pool of the role on which the pod's own selectors leave it a node, taints aside; nil where
// there is none.
func (s *subject) askedFor(c landing.Constraints) *pool {
	for _, p := range s.role.pools {
		if _, ok := landing.Witness(c, p.untainted()); ok {
			return p
		}
	}
	return nil
}

// untainted describes the pool's nodes by their label alone.
func (p *pool) untainted() landing.Pool {
	return landing.Pool{Name: p.Name, Key: p.Key, Value: p.Value}
}

// selectNodes adds node labels to the pod's selector. A key that is there stays as it is: the pod's own word counts.
func (e *edit) selectNodes(labels map[string]string, source Source) {
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if _, ok := e.pod.Spec.NodeSelector[key]; ok {
			continue
		}
		if e.pod.Spec.NodeSelector == nil {
			e.pod.Spec.NodeSelector = map[string]string{}
		}
		e.pod.Spec.NodeSelector[key] = labels[key]
		e.record(pathNodeSelector.Key(key), nil, labels[key], source)
	}
}

// tolerateTaints adds a toleration for each taint that the pod does not tolerate yet, for as long as it runs.
func (e *edit) tolerateTaints(taints []corev1.Taint) {
	for i := range taints {
		t := &taints[i]
		if !slices.ContainsFunc(e.pod.Spec.Tolerations, func(have corev1.Toleration) bool {
			return have.TolerationSeconds == nil && landing.Tolerating([]corev1.Toleration{have}, t) >= 0
		}) {
			e.tolerate(tolerationFor(t), FromPool)
		}
	}
}

func tolerationFor(t *corev1.Taint) corev1.Toleration {
	return corev1.Toleration{Key: t.Key, Operator: corev1.TolerationOpEqual, Value: t.Value, Effect: t.Effect}
}

// tolerate adds a toleration unless the pod has the same one.
func (e *edit) tolerate(t corev1.Toleration, source Source) {
	if slices.ContainsFunc(e.pod.Spec.Tolerations, func(have corev1.Toleration) bool { return have.MatchToleration(&t) }) {
		return
	}
	e.record(pathTolerations.Index(len(e.pod.Spec.Tolerations)), nil, t, source)
	e.pod.Spec.Tolerations = append(e.pod.Spec.Tolerations, t)
}

// release takes from the pod whatever asks for one of the pools: their labels in the selector and in required terms.
func (e *edit) release(pools []*pool) {
	for _, p := range pools {
		if was, ok := e.pod.Spec.NodeSelector[p.Key]; ok {
			delete(e.pod.Spec.NodeSelector, p.Key)
			e.record(pathNodeSelector.Key(p.Key), was, nil, FromPool)
		}
	}
	e.releaseTerms(pools)
}
