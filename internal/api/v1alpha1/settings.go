package v1alpha1

import (
	"fmt"
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// setting is one field of a security context that reaches the pods of a role, and where the policy sets it.
type setting struct {
	name  string // "podSecurityContext.runAsUser"
	value reflect.Value
	path  *field.Path
	whose string // `role "jobs"`, "roles that inherit it"
	apply func(*corev1.PodSpec)
}

// settings are the fields that a role sets in its security contexts, and below them those of spec.defaults.
func (s *Spec) settings(r *Role, spec *field.Path) []setting {
	own := source{pod: r.PodSecurityContext, container: r.ContainerSecurityContext}
	if i := s.entry(r.Name); i >= 0 {
		own.path, own.whose = spec.Child("roles").Index(i), s.whose(r, i)
	}
	inherited := source{path: spec.Child("defaults"), whose: "roles that inherit it"}
	if r.Identity == Inject {
		inherited.pod, inherited.container = s.Defaults.PodSecurityContext, s.Defaults.ContainerSecurityContext
	}
	seen := map[string]bool{}
	var list []setting
	for _, set := range append(own.settings(), inherited.settings()...) {
		if !seen[set.name] {
			list = append(list, set)
		}
		seen[set.name] = true
	}
	return list
}

// whose says for messages which roles the settings of an entry reach when they reach this one.
func (s *Spec) whose(r *Role, entry int) string {
	if from := s.Roles[entry].Name; from != r.Name {
		return fmt.Sprintf("roles that fall back to %q", from)
	}
	return fmt.Sprintf("role %q", r.Name)
}

// source is a place of the policy that has both security contexts.
type source struct {
	path      *field.Path
	whose     string
	pod       *corev1.PodSecurityContext
	container *corev1.SecurityContext
}

func (s source) settings() []setting {
	var list []setting
	if s.pod != nil {
		list = s.fields(reflect.ValueOf(s.pod).Elem(), "podSecurityContext", func(pod *corev1.PodSpec) any {
			return pod.SecurityContext
		})
	}
	if s.container == nil {
		return list
	}
	return append(list, s.fields(reflect.ValueOf(s.container).Elem(), "containerSecurityContext", func(pod *corev1.PodSpec) any {
		return pod.Containers[0].SecurityContext
	})...)
}

// fields are the fields of a context that are set. In returns the context of a pod to which they go.
func (s source) fields(context reflect.Value, name string, in func(*corev1.PodSpec) any) []setting {
	var list []setting
	for f, value := range context.Fields() {
		if value.IsZero() {
			continue
		}
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		list = append(list, setting{
			name: name + "." + key, value: value, path: s.path.Child(name, key), whose: s.whose,
			apply: func(pod *corev1.PodSpec) { reflect.ValueOf(in(pod)).Elem().FieldByIndex(f.Index).Set(value) },
		})
	}
	return list
}

// is holds when the setting is that boolean. The zero setting is none.
func (set setting) is(want bool) bool {
	if set.path == nil {
		return false
	}
	got, ok := reflect.TypeAssert[*bool](set.value)
	return ok && *got == want
}

// number is the setting as a number, if it is one.
func (set setting) number() (int64, bool) {
	if set.path == nil {
		return 0, false
	}
	n, ok := reflect.TypeAssert[*int64](set.value)
	if !ok {
		return 0, false
	}
	return *n, true
}
