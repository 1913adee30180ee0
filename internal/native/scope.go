package native

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// installation is one policy document, ready to be written down.
type installation struct {
	*v1alpha1.PlacementPolicy
	marks     polyaxon.Marks
	roles     []v1alpha1.Role
	protected []v1alpha1.NodePool // of all policies: one Polyaxon's runs have no place on another's core nodes
	known     []v1alpha1.NodePool // its own pools, and the protected ones of the others
	accounts  []string            // service accounts that any policy names, as "namespace/name"
	// hards are the roles by which pods are hardened: all roles, and those that harden as two of them do. mixes says which
	// one does, by the pod's own role and by the one that an override asks for; its own, where it is not there.
	hards []v1alpha1.Role
	mixes map[string]map[string]string
}

func compile(doc *v1alpha1.PlacementPolicy, all []*v1alpha1.PlacementPolicy) *installation {
	in := &installation{PlacementPolicy: doc, marks: polyaxon.AllMarks(), roles: doc.Spec.Effective()}
	in.known = slices.Clone(doc.Spec.NodePools)
	for _, other := range all {
		for _, p := range other.Spec.NodePools {
			if !p.Protected {
				continue
			}
			if !slices.ContainsFunc(in.protected, sameNodes(p)) {
				in.protected = append(in.protected, p)
			}
			if !slices.ContainsFunc(in.known, sameNodes(p)) {
				in.known = append(in.known, p)
			}
		}
		for account := range other.Spec.NamedAccounts() {
			if !slices.Contains(in.accounts, account) {
				in.accounts = append(in.accounts, account)
			}
		}
	}
	slices.Sort(in.accounts)
	in.mix()
	return in
}

func sameNodes(p v1alpha1.NodePool) func(v1alpha1.NodePool) bool {
	return func(o v1alpha1.NodePool) bool { return o.NodeLabel == p.NodeLabel }
}

func (in *installation) role(name string) v1alpha1.Role {
	return in.roles[slices.IndexFunc(in.roles, func(r v1alpha1.Role) bool { return r.Name == name })]
}

func (in *installation) pool(name string) v1alpha1.NodePool {
	return in.Spec.NodePools[slices.IndexFunc(in.Spec.NodePools, func(p v1alpha1.NodePool) bool { return p.Name == name })]
}

// where are the names of the roles of which something holds.
func (in *installation) where(holds func(v1alpha1.Role) bool) []string {
	var names []string
	for _, r := range in.roles {
		if holds(r) {
			names = append(names, r.Name)
		}
	}
	return names
}

// perRole is a map from the names of roles to a value, for those that have one.
func perRole[T any](in *installation, of func(v1alpha1.Role) (T, bool)) map[string]T {
	values := map[string]T{}
	for _, r := range in.roles {
		if v, ok := of(r); ok {
			values[r.Name] = v
		}
	}
	return values
}

// unmarked says whether Polyaxon's own marks do not give the role.
func (in *installation) unmarked(role string) bool {
	r := in.role(role)
	return r.Match != nil && r.Match.Mode == v1alpha1.ReplaceSignal
}

// run is the role of a run that Polyaxon's marks give.
func (in *installation) run(role string) string {
	switch {
	case !in.unmarked(role):
		return role
	case !in.unmarked(v1alpha1.RoleJobs):
		return v1alpha1.RoleJobs
	}
	return v1alpha1.RoleOther
}

// label is the one of a pool's nodes, as the expressions compare it.
func label(p v1alpha1.NodePool) string { return p.NodeLabel.Key + "=" + p.NodeLabel.Value }

// guardsCore says whether the role may use a protected pool.
func (in *installation) guardsCore(r v1alpha1.Role) bool {
	return slices.ContainsFunc(r.NodePools, func(name string) bool {
		return slices.ContainsFunc(in.protected, sameNodes(in.pool(name)))
	})
}

func required(a *corev1.Affinity) []corev1.NodeSelectorTerm {
	if a == nil || a.NodeAffinity == nil || a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return nil
	}
	return a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
}
