package override

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
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
func (i id) set(value string, a *Asked) error {
	ids := i.bounds(&a.bounds.Overrides)
	n, err := parseID(value)
	accepts := fmt.Sprintf("role %q accepts %s", a.bounds.role, i.accepted(&a.bounds.Overrides))
	switch {
	case err != nil:
		return fmt.Errorf("%w; %s%s", err, accepts, nearest(value, ids))
	case n < ids.Min || n > ids.Max:
		return fmt.Errorf("%s%s", accepts, nearest(value, ids))
	}
	if at, own := i.other(a.pod, n); at != nil {
		return disagrees(at, fmt.Sprint(own))
	}
	*i.pod(&a.Identity) = &n
	a.say("%s=%s: %s %d", i.key, value, i.says, n)
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

// other is where the pod, or a container of it, sets another id; nil where none does.
func (i id) other(pod *corev1.Pod, n int64) (*field.Path, int64) {
	for at, own := range i.containers(pod) {
		if own != nil && *own != n {
			return at.Child("securityContext", i.field), *own
		}
	}
	if own := i.ofPod(pod); own != nil && *own != n {
		return field.NewPath("spec", "securityContext", i.field), *own
	}
	return nil, 0
}

// ofPod is the id that the pod sets for all containers; nil where it does not.
func (i id) ofPod(pod *corev1.Pod) *int64 {
	if pod.Spec.SecurityContext == nil {
		return nil
	}
	return *i.pod(pod.Spec.SecurityContext)
}

// containers yields the ids that init and regular containers set, nil for none, with their places. Ephemeral containers come
// later and are not asked.
func (i id) containers(pod *corev1.Pod) iter.Seq2[*field.Path, *int64] {
	return func(yield func(*field.Path, *int64) bool) {
		first := len(pod.Spec.InitContainers)
		for n, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
			at := field.NewPath("spec", "initContainers").Index(n)
			if n >= first {
				at = field.NewPath("spec", "containers").Index(n - first)
			}
			if !yield(at, i.container(cmp.Or(c.SecurityContext, &corev1.SecurityContext{}))) {
				return
			}
		}
	}
}
