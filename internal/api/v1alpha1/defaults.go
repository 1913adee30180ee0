package v1alpha1

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/ptr"
)

// The defaults of a policy.
const (
	DefaultRelease       = "polyaxon"
	DefaultID      int64 = 2222 // uid, gid and fsGroup of Polyaxon's own chart
	DockerSocket         = "/var/run/docker.sock"

	DefaultTrustedGroup = "system:masters" // they may do everything anyway
)

// BuilderImages are the repositories whose containers may run as root in builds, where the policy does not say.
// They must not be modified.
var BuilderImages = []string{
	"gcr.io/kaniko-project/executor",
	"ghcr.io/osscontainertools/kaniko",
	"cgr.dev/chainguard/kaniko",
	"docker.io/martizih/kaniko",
	"docker.io/polyaxon/polyaxon-dockerizer",
	"quay.io/buildah/stable",
	"quay.io/containers/buildah",
	"quay.io/podman/stable",
	"docker.io/moby/buildkit",
}

// StorePaths are where Polyaxon's charts keep artifacts on the node unless they are told otherwise: 1.0 and later the
// first, 0.x the others. Every run mounts them. They must not be modified.
var StorePaths = []string{"/tmp/artifactsStore", "/tmp/outputs", "/tmp/data"}

// setDefaults fills in what the document leaves out. An empty list that is written down stays empty.
func (p *PlacementPolicy) setDefaults() {
	s := &p.Spec
	s.Release = cmp.Or(s.Release, DefaultRelease)
	s.EarlyAnswers = cmp.Or(s.EarlyAnswers, Warn)
	if s.Requesters == nil {
		s.Requesters = requesters(s.Namespaces, s.Release)
	}
	if s.CoreTrust.Groups == nil {
		s.CoreTrust.Groups = []string{DefaultTrustedGroup}
	}
	s.CoreFailurePolicy = cmp.Or(s.CoreFailurePolicy, s.defaultCoreFailurePolicy())
	if s.Defaults == nil {
		s.Defaults = &SecurityDefaults{}
	}
	s.Defaults.setDefaults()
	for i := range s.Roles {
		s.Roles[i].setDefaults()
	}
}

// HomeOf is spec.defaults.home; empty for none.
func (s *Spec) HomeOf() string {
	if s.Defaults == nil {
		return ""
	}
	return s.Defaults.Home
}

// DefaultGroup is the gid for containers of restricted roles that have a uid and no gid.
func (s *Spec) DefaultGroup() int64 {
	if s.Defaults == nil || s.Defaults.PodSecurityContext == nil {
		return DefaultID
	}
	return ptr.Deref(s.Defaults.PodSecurityContext.RunAsGroup, DefaultID)
}

func (s *Spec) defaultCoreFailurePolicy() FailurePolicy {
	if s.replacesCore() {
		return Fail
	}
	return Ignore
}

// replacesCore says whether the labels of Polyaxon's charts claim nothing: then no workload is refused for them, and a
// pod may not be let through for them.
func (s *Spec) replacesCore() bool {
	return slices.ContainsFunc(s.Roles, func(r Role) bool {
		return r.Name == RoleCore && r.Match != nil && r.Match.Mode == ReplaceSignal
	})
}

// requesters are Polyaxon's service accounts. There is none for a name that is wrong: validation reports the name.
func requesters(namespaces []string, release string) []string {
	var users []string
	for _, ns := range namespaces {
		user := fmt.Sprintf("system:serviceaccount:%s:%s-polyaxon-serviceaccount", ns, release)
		if isReleaseName(release) && len(validation.IsDNS1123Label(ns)) == 0 && !slices.Contains(users, user) {
			users = append(users, user)
		}
	}
	return users
}

// setDefaults gives a security context that is left out the restricted profile. One that is there stays as it is.
func (d *SecurityDefaults) setDefaults() {
	if d.PodSecurityContext == nil {
		d.PodSecurityContext = &corev1.PodSecurityContext{
			RunAsUser:      ptr.To(DefaultID),
			RunAsGroup:     ptr.To(DefaultID),
			FSGroup:        ptr.To(DefaultID),
			RunAsNonRoot:   ptr.To(true),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		}
	}
	if d.ContainerSecurityContext == nil {
		d.ContainerSecurityContext = &corev1.SecurityContext{
			AllowPrivilegeEscalation: ptr.To(false),
			Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		}
	}
}

// setDefaults fills in what the role's name decides.
func (r *Role) setDefaults() {
	r.PodSecurity = cmp.Or(r.PodSecurity, defaultPodSecurity(r.Name))
	r.Identity = cmp.Or(r.Identity, defaultIdentity(r.Name))
	r.OnConflict = cmp.Or(r.OnConflict, defaultOnConflict(r.Name))
	rootBuilds := r.Name == RoleBuilds && r.PodSecurity != Restricted // restricted ones were asked for: no root, no socket
	if rootBuilds && r.RootImages == nil {
		r.RootImages = slices.Clone(BuilderImages)
	}
	if r.HostPaths == nil && r.Name != RoleCore && r.Name != RoleOther {
		for _, p := range StorePaths {
			r.HostPaths = append(r.HostPaths, HostPath{Path: p, From: FromAnyone})
		}
		if rootBuilds {
			r.HostPaths = append(r.HostPaths, HostPath{Path: DockerSocket})
		}
	}
	for i := range r.HostPaths {
		r.HostPaths[i].From = cmp.Or(r.HostPaths[i].From, FromRequester)
	}
	if r.Match != nil {
		r.Match.Mode = cmp.Or(r.Match.Mode, Extend)
	}
}

func defaultPodSecurity(role string) PodSecurity {
	switch role {
	case RoleCore:
		return Privileged
	case RoleBuilds, RoleOther:
		return Baseline
	default:
		return Restricted
	}
}

func defaultIdentity(role string) Identity {
	switch role {
	case RoleCore, RoleBuilds, RoleOther:
		return Keep
	default:
		return Inject
	}
}

func defaultOnConflict(role string) OnConflict {
	if role == RoleHelpers {
		return Replace
	}
	return Refuse
}
