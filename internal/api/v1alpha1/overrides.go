package v1alpha1

import "slices"

// Any alone in a list stands for everything that harms nobody there.
const Any = "*"

// Overrides are the bounds inside which the pod of one run may ask for something else than its role gives it, with an
// annotation each. What is not listed may not be asked for; core and other take no overrides. In a policy:
//
//	overrides:
//	  nodePools: [gpu]                     # polymoat.io/node-pool: gpu; ["*"] are all that are not protected
//	  roles: [notebooks]                   # polymoat.io/role: notebooks; ["*"] are all roles of runs
//	  nodeSelectorKeys: [disk]             # polymoat.io/node-selector: '{"disk":"ssd"}'
//	  tolerationKeys: [spot]               # polymoat.io/tolerations: '[{"key":"spot","operator":"Exists"}]'
//	  runAsUser: {min: 1000, max: 1999}    # polymoat.io/run-as-user: "1000"
//	  runAsGroup: {min: 1000, max: 1999}   # polymoat.io/run-as-group: "1000"
//	  fsGroup: {min: 1000, max: 1999}      # polymoat.io/fs-group: "1000"
type Overrides struct {
	// NodePools that may be asked for: these and no others, the role's own not either unless they are listed.
	// A protected one only if the role's own nodePools have it. "*" alone: every pool that is not protected.
	NodePools []string `json:"nodePools,omitempty"`
	// Roles on whose node pools the pod may be placed instead. The stricter hardening of both roles holds. "*" alone: every
	// role of runs that polymoat knows how to tell and that has no protected pool which this one does not list.
	Roles []string `json:"roles,omitempty"`
	// NodeSelectorKeys are the node labels that may be asked for, with any value. Labels of node pools are not.
	NodeSelectorKeys []string `json:"nodeSelectorKeys,omitempty"`
	// TolerationKeys are the keys of taints that may be tolerated, with any value and effect.
	TolerationKeys []string `json:"tolerationKeys,omitempty"`
	// RunAsUser, RunAsGroup and FSGroup are the ids that may be asked for. Nil: none.
	RunAsUser  *IDRange `json:"runAsUser,omitempty"`
	RunAsGroup *IDRange `json:"runAsGroup,omitempty"`
	FSGroup    *IDRange `json:"fsGroup,omitempty"`
}

// IDRange are the ids from Min to Max, both included.
type IDRange struct {
	Min int64 `json:"min"`
	Max int64 `json:"max"`
}

// bounds are those of a role: its own, or those of spec.defaults, with every "*" written out. They are nil for none.
func (s *Spec) bounds(r *Role) *Overrides {
	o := r.Overrides
	if o == nil && s.Defaults != nil {
		o = s.Defaults.Overrides
	}
	if o == nil || r.Name == RoleCore || r.Name == RoleOther {
		return nil
	}
	written := *o
	if slices.Contains(o.NodePools, Any) {
		written.NodePools = s.openPools()
	}
	if slices.Contains(o.Roles, Any) {
		written.Roles = s.openRoles(r)
	}
	return &written
}

// openRoles are the roles of runs that polymoat knows how to tell, but for those with a protected pool that r does not
// list. Roles of the policy's own are not among them: what they may have is known to their administrator alone.
func (s *Spec) openRoles(r *Role) []string {
	return slices.DeleteFunc(slices.Clone(KnownRoles), func(name string) bool {
		return name == RoleCore || name == RoleOther || s.foreignPool(r, name) != ""
	})
}

// openPools are the names of the pools that are not protected.
func (s *Spec) openPools() []string {
	var names []string
	for _, p := range s.NodePools {
		if !p.Protected {
			names = append(names, p.Name)
		}
	}
	return names
}

// foreignPool is a protected pool of the role of that name which r does not list; empty where there is none.
func (s *Spec) foreignPool(r *Role, name string) string {
	at := s.entry(name)
	if at < 0 {
		return "" // nothing speaks for it: it is not placed
	}
	for _, pool := range s.protectedPools() {
		if slices.Contains(s.Roles[at].NodePools, pool) && !slices.Contains(r.NodePools, pool) {
			return pool
		}
	}
	return ""
}
