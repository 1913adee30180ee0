package native

import (
	"reflect"
	"slices"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// strictest is the first role with the stricter hardening of the second, as policy.strictest makes it.
func strictest(first, second v1alpha1.Role) v1alpha1.Role {
	both := first
	if strictness[second.PodSecurity] > strictness[first.PodSecurity] {
		both = second
	}
	if both.Identity == v1alpha1.Keep && (first.Identity != v1alpha1.Keep || second.Identity != v1alpha1.Keep) {
		both.Identity = v1alpha1.Inject
	}
	both.RootImages, both.HostPaths = common(first.RootImages, second.RootImages), common(first.HostPaths, second.HostPaths)
	return both
}

func common[T comparable](a, b []T) []T {
	return slices.DeleteFunc(slices.Clone(a), func(e T) bool { return !slices.Contains(b, e) })
}

// equallyHard says whether two roles harden pods in the same way.
func equallyHard(a, b v1alpha1.Role) bool {
	return a.PodSecurity == b.PodSecurity && a.Identity == b.Identity && slices.Equal(a.RootImages, b.RootImages) && slices.Equal(a.HostPaths, b.HostPaths) &&
		reflect.DeepEqual(a.PodSecurityContext, b.PodSecurityContext) && reflect.DeepEqual(a.ContainerSecurityContext, b.ContainerSecurityContext)
}

// mix finds, for every role and every role that an override may ask for, the one that hardens as both do. Where there is
// none, it is made.
func (in *installation) mix() {
	in.hards = slices.Clone(in.roles)
	in.mixes = map[string]map[string]string{}
	for _, to := range in.roles {
		if !slices.ContainsFunc(in.roles, func(r v1alpha1.Role) bool { return r.Overrides != nil && slices.Contains(r.Overrides.Roles, to.Name) }) {
			continue
		}
		for _, own := range in.roles {
			both := strictest(own, to)
			if equallyHard(both, own) {
				continue
			}
			i := slices.IndexFunc(in.hards, func(r v1alpha1.Role) bool { return equallyHard(both, r) })
			if i < 0 {
				both.Name = own.Name + " and " + to.Name
				in.hards = append(in.hards, both)
				i = len(in.hards) - 1
			}
			if in.mixes[own.Name] == nil {
				in.mixes[own.Name] = map[string]string{}
			}
			in.mixes[own.Name][to.Name] = in.hards[i].Name
		}
	}
}

// mixed is the role that hardens as both do: one, and the role of an override.
func (in *installation) mixed(own string) string {
	if len(in.mixes) == 0 {
		return own
	}
	return say(`variables.role == variables.ownRole ? <own> : string(<mixes>[?<own>][?variables.role].orValue(<own>))`, "own", own, "mixes", lit(in.mixes))
}

// perHard is perRole for all roles by which pods are hardened.
func perHard[T any](in *installation, of func(v1alpha1.Role) (T, bool)) map[string]T {
	return perRole(&installation{roles: in.hards}, of)
}

// whereHard is where for all roles by which pods are hardened.
func (in *installation) whereHard(holds func(v1alpha1.Role) bool) []string {
	return (&installation{roles: in.hards}).where(holds)
}

// askedRole are the variables about the role that an override asks for.
func (in *installation) askedRole() []variable {
	accepted := perRole(in, func(r v1alpha1.Role) ([]string, bool) {
		b, ok := boundsOf(r)
		return b.Roles, ok && len(b.Roles) > 0
	})
	role := "variables.ownRole"
	if len(accepted) > 0 {
		role = say(`string(<wants>.optFlatMap(r, r in <accepted>[?variables.ownRole].orValue([]) ? optional.of(r) : optional.none()).orValue(variables.ownRole))`,
			"wants", wants("polymoat.io/role"), "accepted", lit(accepted))
	}
	return []variable{
		{"asks", "its overrides with plain values; where a label and an annotation ask for different things, neither is right", say(`<names>.filter(n,
(n in variables.annotations || n in variables.labels) && variables.annotations[?n].or(variables.labels[?n]) == variables.labels[?n].or(variables.annotations[?n])).transformMapEntry(i, n,
{n: variables.annotations[?n].or(variables.labels[?n]).value()})`, "names", lit(overrideNames(true)))},
		{"role", "the role as which it is placed: the one that an override asks for, if it may", role},
	}
}
