package v1alpha1

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"k8s.io/utils/ptr"
)

// validateSecurity refuses security contexts with which no pod of a role would be admitted or start: ids out of range,
// fields that the role's Pod Security Standard forbids, and pairs that contradict each other, whether the role sets
// them or inherits them from spec.defaults or from the role that it falls back to.
func (s *Spec) validateSecurity(path *field.Path) field.ErrorList {
	errs := validateIDs(s.Defaults.PodSecurityContext, s.Defaults.ContainerSecurityContext, path.Child("defaults"))
	for i, r := range s.Roles {
		errs = append(errs, validateIDs(r.PodSecurityContext, r.ContainerSecurityContext, path.Child("roles").Index(i))...)
	}
	seen := map[string]bool{}
	for _, r := range append(slices.Clone(s.Roles), s.Effective()...) { // what a role sets itself is reported first, and once
		for _, e := range s.validateSettings(&r, path) {
			if !seen[e.Field] {
				errs = append(errs, e)
			}
			seen[e.Field] = true
		}
	}
	return errs
}

func (s *Spec) validateSettings(r *Role, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	settings := s.settings(r, path)
	for _, set := range settings {
		errs = append(errs, set.validate(r)...)
	}
	errs = append(errs, contradictions(settings)...)
	errs = append(errs, s.rootGroups(r, settings, path)...)
	return append(errs, s.validateRootOverride(r, settings, path)...)
}

// validateIDs keeps users and groups inside what Linux and Kubernetes take.
func validateIDs(pod *corev1.PodSecurityContext, container *corev1.SecurityContext, path *field.Path) field.ErrorList {
	pod, container = ptr.To(ptr.Deref(pod, corev1.PodSecurityContext{})), ptr.To(ptr.Deref(container, corev1.SecurityContext{}))
	atPod, atContainer := path.Child("podSecurityContext"), path.Child("containerSecurityContext")
	errs := slices.Concat(
		validateID(pod.RunAsUser, atPod.Child("runAsUser")),
		validateID(pod.RunAsGroup, atPod.Child("runAsGroup")),
		validateID(pod.FSGroup, atPod.Child("fsGroup")),
		validateID(container.RunAsUser, atContainer.Child("runAsUser")),
		validateID(container.RunAsGroup, atContainer.Child("runAsGroup")),
	)
	for i := range pod.SupplementalGroups {
		errs = append(errs, validateID(&pod.SupplementalGroups[i], atPod.Child("supplementalGroups").Index(i))...)
	}
	return errs
}

func validateID(id *int64, path *field.Path) field.ErrorList {
	if id == nil || *id >= 0 && *id <= math.MaxInt32 {
		return nil
	}
	return field.ErrorList{invalid(path, *id, "is not an id from 0 to %d", math.MaxInt32)}
}

// validate asks the Pod Security Standard about a pod that is restricted in everything but this one setting.
func (set setting) validate(r *Role) field.ErrorList {
	reason := refusal(set, r.PodSecurity)
	if reason == "" {
		return nil
	}
	looser := Baseline
	if refusal(set, Baseline) != "" {
		looser = Privileged
	}
	return field.ErrorList{invalid(set.path, set.value.Interface(), "is refused to %s by podSecurity %q (%s); change it or set podSecurity to %q there",
		set.whose, r.PodSecurity, reason, looser)}
}

// refusal is why a level refuses a setting; empty where it does not, or where the level is not one.
func refusal(set setting, level PodSecurity) string {
	if level != Baseline && level != Restricted {
		return ""
	}
	pod := restrictedPod()
	set.apply(pod)
	version := api.LevelVersion{Level: api.Level(level), Version: api.LatestVersion()}
	var reasons []string
	for _, found := range podSecurity().EvaluatePod(version, &metav1.ObjectMeta{}, pod) {
		if !found.Allowed {
			reasons = append(reasons, reason(found))
		}
	}
	return strings.Join(reasons, ", ")
}

// reason leaves out what a finding blames: that is our own pod.
func reason(found policy.CheckResult) string {
	if _, rule, ok := strings.Cut(found.ForbiddenDetail, " must "); ok {
		return "must " + strings.NewReplacer("securityContext.", "", `container "main" `, "").Replace(rule)
	}
	return found.ForbiddenReason
}

// podSecurity is Kubernetes's own evaluator of the Pod Security Standards, built once.
var podSecurity = sync.OnceValue(func() policy.Evaluator {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		panic("v1alpha1: the Pod Security checks of this build do not fit together: " + err.Error())
	}
	return evaluator
})

// restrictedPod is the least that passes the restricted standard.
func restrictedPod() *corev1.PodSpec {
	var d SecurityDefaults
	d.setDefaults()
	return &corev1.PodSpec{
		SecurityContext: d.PodSecurityContext,
		Containers:      []corev1.Container{{Name: "main", SecurityContext: d.ContainerSecurityContext}},
	}
}

// contradictions are pairs of settings that each are fine: with the first pair the kubelet starts no container, with
// the second the API server takes no pod.
func contradictions(settings []setting) field.ErrorList {
	values := map[string]setting{}
	for _, set := range settings {
		values[set.name] = set
	}
	var errs field.ErrorList
	user, isUser := values["podSecurityContext.runAsUser"].number()
	if nonRoot := values["podSecurityContext.runAsNonRoot"]; isUser && user == 0 && nonRoot.is(true) {
		errs = append(errs, invalid(values["podSecurityContext.runAsUser"].path, user,
			"is root, which %s forbids; set runAsNonRoot to false beside it", nonRoot.path))
	}
	escalation := values["containerSecurityContext.allowPrivilegeEscalation"]
	if privileged := values["containerSecurityContext.privileged"]; privileged.is(true) && escalation.is(false) {
		errs = append(errs, invalid(privileged.path, true,
			"escalates privileges, which %s forbids; set allowPrivilegeEscalation to true beside it", escalation.path))
	}
	if capabilities := values["containerSecurityContext.capabilities"]; capabilities.addsSysAdmin() && escalation.is(false) {
		errs = append(errs, invalid(capabilities.path.Child("add"), "CAP_SYS_ADMIN",
			"escalates privileges, which %s forbids; set allowPrivilegeEscalation to true beside it", escalation.path))
	}
	return errs
}

// addsSysAdmin says whether the setting adds the capability, by the name by which the API server knows it.
func (set setting) addsSysAdmin() bool {
	if set.path == nil {
		return false
	}
	capabilities, ok := reflect.TypeAssert[*corev1.Capabilities](set.value)
	return ok && slices.Contains(capabilities.Add, "CAP_SYS_ADMIN")
}
