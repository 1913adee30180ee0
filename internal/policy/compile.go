package policy

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/override"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// installation is one policy document, ready to decide with.
type installation struct {
	name, hash, release       string
	coreClass                 string // the PriorityClass of core; empty for none
	requesters, nodeNameUsers []string
	bindingUsers, debugUsers  []string
	pools                     []*pool
	coreTrust                 v1alpha1.CoreTrust
	trusted                   string // those that coreTrust names, for people
	contact                   string // where users ask, for people
	roles                     map[string]*role
	matchers                  matchers
	gid                       int64                    // for a container with a uid and no group
	images                    []v1alpha1.ImageIdentity // the policy's own
	home                      string                   // for containers whose uid is ours; empty for none
	known                     []*pool                  // pools, and the protected ones of the other policies
	poolKeys                  []string                 // the keys of their labels, each once, in that order
	free                      *pool                    // stands for all nodes that are not protected: for roles without pools

	modes        []v1alpha1.RuleMode
	shadow       []v1alpha1.Scope
	exceptions   []exception
	earlyAnswers v1alpha1.Mode
}

// pool is a node pool of the policy.
type pool struct {
	landing.Pool
	protected bool
	resources []string // that its nodes are for

	autoscaled bool

	alone   landing.Pool // its nodes that belong to no other pool, their taints aside
	outside landing.Pool // all nodes that do not carry its label
	keyless landing.Pool // all nodes that do not carry its label's key
}

// sameNodes says whether two pools describe the same nodes: those with one label.
func (p *pool) sameNodes(o *pool) bool { return p.Key == o.Key && p.Value == o.Value }

// has says whether the node is one of the pool's.
func (p *pool) has(n *landing.Node) bool {
	value, ok := n.Labels[p.Key]
	return ok && value == p.Value
}

// label is the one that all nodes of the pool carry.
func (p *pool) label() landing.Label { return landing.Label{Key: p.Key, Value: p.Value} }

// role is a role of the policy with everything that it inherits.
type role struct {
	name         string
	pools        []*pool // the first is the default
	nodeSelector map[string]string
	tolerations  []corev1.Toleration
	affinity     *corev1.Affinity
	replace      bool // a pod that asks for another pool is moved, not refused
	unmarked     bool // Polyaxon's own marks do not give this role: match.mode is Replace

	level      v1alpha1.PodSecurity
	contexts   []contexts // the role's own, then the policy's defaults unless the role keeps identities
	keeps      bool
	rootImages []string
	hostPaths  []v1alpha1.HostPath

	groups bool // its pods may be of scheduling groups

	schedulers, runtimes, priorities []string        // allow-lists; nil leaves the field free
	bounds                           override.Bounds // of overrides
}

// contexts are security contexts and where they come from.
type contexts struct {
	pod       *corev1.PodSecurityContext
	container *corev1.SecurityContext
	source    Source
}

// mayUse says whether the role lists a pool of these nodes.
func (r *role) mayUse(p *pool) bool { return slices.ContainsFunc(r.pools, p.sameNodes) }

func compile(doc *v1alpha1.PlacementPolicy) (*installation, error) {
	spec := doc.Spec
	in := &installation{
		name: doc.Metadata.Name, hash: doc.Hash, release: spec.Release, coreClass: spec.CorePriorityClassName, contact: spec.Contact,
		requesters: spec.Requesters, nodeNameUsers: spec.NodeNameUsers,
		coreTrust: spec.CoreTrust, trusted: trusted(spec.CoreTrust),
		bindingUsers: spec.BindingUsers, debugUsers: spec.DebugUsers,
		roles: map[string]*role{}, gid: spec.DefaultGroup(), images: spec.Images, home: spec.HomeOf(),
		modes: spec.Modes, shadow: spec.Shadow, earlyAnswers: spec.EarlyAnswers,
	}
	for _, e := range spec.Exceptions {
		in.exceptions = append(in.exceptions, exception{e, e.LastDay()})
	}
	for _, n := range spec.NodePools {
		described := landing.Pool{Name: n.Name, Key: n.NodeLabel.Key, Value: n.NodeLabel.Value, Taints: n.Taints}
		in.pools = append(in.pools, &pool{Pool: described, protected: n.Protected, resources: n.Resources, autoscaled: n.Autoscaled})
	}
	for _, r := range spec.Effective() {
		compiled := compileRole(r, spec.Defaults)
		for _, name := range r.NodePools {
			p := in.pool(name)
			if p == nil {
				return nil, fmt.Errorf("policy %q: role %q names node pool %q, which is not defined", in.name, r.Name, name)
			}
			compiled.pools = append(compiled.pools, p)
		}
		in.roles[r.Name] = compiled
		in.addMatchers(r)
	}
	in.addBuiltins()
	return in, in.checkOverrides()
}

// checkOverrides holds that the bounds name pools and roles that are there: placer relies on it.
func (in *installation) checkOverrides() error {
	for _, r := range in.roles {
		for _, name := range r.bounds.NodePools {
			if in.pool(name) == nil {
				return fmt.Errorf("policy %q: an override of role %q names node pool %q, which is not defined", in.name, r.name, name)
			}
		}
		for _, name := range r.bounds.Roles {
			if in.roles[name] == nil {
				return fmt.Errorf("policy %q: an override of role %q names role %q, which is not defined", in.name, r.name, name)
			}
		}
	}
	return nil
}

// pool is the pool of that name; nil where there is none.
func (in *installation) pool(name string) *pool {
	for _, p := range in.pools {
		if p.Name == name {
			return p
		}
	}
	return nil
}

func compileRole(r v1alpha1.Role, defaults *v1alpha1.SecurityDefaults) *role {
	compiled := &role{
		name: r.Name, nodeSelector: r.NodeSelector, tolerations: r.Tolerations, affinity: r.Affinity,
		replace: r.OnConflict == v1alpha1.Replace, unmarked: r.Match != nil && r.Match.Mode == v1alpha1.ReplaceSignal,
		level: r.PodSecurity, keeps: r.Identity == v1alpha1.Keep, rootImages: r.RootImages, hostPaths: r.HostPaths,
		groups:     r.SchedulingGroups == v1alpha1.AllowGroups,
		schedulers: r.SchedulerNames, runtimes: r.RuntimeClassNames, priorities: r.PriorityClassNames,
		bounds: override.BoundsOf(r),
	}
	compiled.contexts = []contexts{{r.PodSecurityContext, r.ContainerSecurityContext, FromRole}}
	if !compiled.keeps && defaults != nil {
		compiled.contexts = append(compiled.contexts,
			contexts{defaults.PodSecurityContext, defaults.ContainerSecurityContext, FromDefault})
	}
	return compiled
}

// addMatchers takes the signals that the policy itself gives for a role.
func (in *installation) addMatchers(r v1alpha1.Role) {
	if r.Match == nil {
		return
	}
	for _, signal := range r.Match.Any {
		in.matchers.add(polyaxon.Row{Role: r.Name, Signal: signal})
	}
}

// addBuiltins adds the built-in signals, after the policy's own and except for roles whose signals were replaced.
func (in *installation) addBuiltins() {
	for _, row := range polyaxon.Content {
		if !in.roles[row.Role].unmarked {
			in.matchers.add(row)
		}
	}
}
