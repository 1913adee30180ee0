package policy

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// id is one id of a security context that a pod may ask for.
type id struct {
	field, key, says string
	bounds           func(*v1alpha1.Overrides) *v1alpha1.IDRange
	pod              func(*corev1.PodSecurityContext) **int64
	container        func(*corev1.SecurityContext) *int64
}

var (
	runAsUser = id{"runAsUser", "run-as-user", "runs as user",
		func(o *v1alpha1.Overrides) *v1alpha1.IDRange { return o.RunAsUser },
		func(sc *corev1.PodSecurityContext) **int64 { return &sc.RunAsUser },
		func(sc *corev1.SecurityContext) *int64 { return sc.RunAsUser }}
	runAsGroup = id{"runAsGroup", "run-as-group", "runs as group",
		func(o *v1alpha1.Overrides) *v1alpha1.IDRange { return o.RunAsGroup },
		func(sc *corev1.PodSecurityContext) **int64 { return &sc.RunAsGroup },
		func(sc *corev1.SecurityContext) *int64 { return sc.RunAsGroup }}
	fsGroup = id{"fsGroup", "fs-group", "its volumes belong to group",
		func(o *v1alpha1.Overrides) *v1alpha1.IDRange { return o.FSGroup },
		func(sc *corev1.PodSecurityContext) **int64 { return &sc.FSGroup },
		func(*corev1.SecurityContext) *int64 { return nil }}
)

// accepted are the bounds for people: "1000 to 1999". Empty where a role accepts none.
func (i id) accepted(o *v1alpha1.Overrides) string {
	ids := i.bounds(o)
	if ids == nil {
		return ""
	}
	return fmt.Sprintf("%d to %d", ids.Min, ids.Max)
}

// set asks for an id.
func (i id) set(value string, p *Placement) error {
	ids := i.bounds(p.own.overrides)
	n, err := parseID(value)
	accepts := fmt.Sprintf("role %q accepts %s", p.own.name, i.accepted(p.own.overrides))
	switch {
	case err != nil:
		return fmt.Errorf("%w; %s%s", err, accepts, nearest(value, ids))
	case n < ids.Min || n > ids.Max:
		return fmt.Errorf("%s%s", accepts, nearest(value, ids))
	}
	if at, own := i.other(p.pod, n); at != nil {
		return disagrees(at, fmt.Sprint(own))
	}
	*i.pod(&p.identity) = &n
	p.say("%s=%s: %s %d", i.key, value, i.says, n)
	return nil
}

// nearest is the accepted id nearest to a number that was written in any way.
func nearest(value string, ids *v1alpha1.IDRange) string {
	n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("; the nearest is %d", min(max(n, ids.Min), ids.Max))
}

// other is where the pod, or a container of it, sets another id; nil where none does. Ephemeral containers come later
// and are not asked.
func (i id) other(pod *corev1.Pod, n int64) (*field.Path, int64) {
	created := pod.Spec
	created.EphemeralContainers = nil
	for c := range containers(&created) {
		if c.SecurityContext == nil {
			continue
		}
		if own := i.container(c.SecurityContext); own != nil && *own != n {
			return c.path().Child("securityContext", i.field), *own
		}
	}
	if created.SecurityContext == nil {
		return nil, 0
	}
	if own := *i.pod(created.SecurityContext); own != nil && *own != n {
		return pathSecurityContext.Child(i.field), *own
	}
	return nil, 0
}
