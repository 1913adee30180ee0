package native

import (
	"encoding/json"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// gives are the fields of security contexts that a role fills in where a pod leaves them open.
type gives struct {
	Pod       map[string]any `json:"pod"`
	Container map[string]any `json:"container"`
	// Both are those of containers whose pod could not be given them: the container's own context stands before the pod's.
	Both map[string]any `json:"both"`
	// Drop are capabilities to drop where a container has a list of its own.
	Drop []string `json:"drop"`
}

// contexts are the security contexts of a role, the strongest first.
func (in *installation) contexts(r v1alpha1.Role) []v1alpha1.SecurityDefaults {
	list := []v1alpha1.SecurityDefaults{{PodSecurityContext: r.PodSecurityContext, ContainerSecurityContext: r.ContainerSecurityContext}}
	if r.Identity != v1alpha1.Keep && in.Spec.Defaults != nil {
		list = append(list, *in.Spec.Defaults)
	}
	return list
}

func fields(context any) map[string]any {
	b, err := json.Marshal(context)
	if err != nil {
		panic(err) // it was read from JSON
	}
	values := map[string]any{}
	_ = json.Unmarshal(b, &values) // null leaves it empty
	return values
}

// fill copies the fields that are open.
func fill(into, from map[string]any) {
	for key, value := range from {
		if _, ok := into[key]; !ok {
			into[key] = value
		}
	}
}

func (in *installation) gives(r v1alpha1.Role) gives {
	g := gives{map[string]any{}, map[string]any{}, map[string]any{}, []string{}}
	identity := []string{"runAsUser", "runAsGroup", "runAsNonRoot", "seccompProfile"}
	for _, c := range in.contexts(r) {
		fill(g.Pod, fields(c.PodSecurityContext))
		container := fields(c.ContainerSecurityContext)
		fill(g.Both, container)
		if c.PodSecurityContext != nil {
			pod := fields(c.PodSecurityContext)
			maps.DeleteFunc(pod, func(key string, _ any) bool { return !slices.Contains(identity, key) })
			fill(g.Both, pod)
		}
		fill(g.Container, container)
		if c.ContainerSecurityContext != nil && c.ContainerSecurityContext.Capabilities != nil && !slices.Contains(g.Drop, "ALL") {
			for _, name := range c.ContainerSecurityContext.Capabilities.Drop {
				if !slices.Contains(g.Drop, string(name)) {
					g.Drop = append(g.Drop, string(name))
				}
			}
			g.Container["capabilities"] = map[string]any{"drop": g.Drop}
		}
	}
	return g
}

// plain says whether what the contexts of a role give can be said here: nothing that the API server refuses beside what a
// pod may say itself.
func (in *installation) plain(r v1alpha1.Role) bool {
	return !slices.ContainsFunc(in.contexts(r), func(d v1alpha1.SecurityDefaults) bool {
		return !plainPod(d.PodSecurityContext) || !plainContainer(d.ContainerSecurityContext)
	})
}

func plainPod(c *corev1.PodSecurityContext) bool {
	return c == nil || c.RunAsUser == nil || *c.RunAsUser != 0
}

func plainContainer(c *corev1.SecurityContext) bool {
	return c == nil || !ptr.Deref(c.Privileged, false) && ptr.Deref(c.ProcMount, corev1.DefaultProcMount) == corev1.DefaultProcMount &&
		(c.RunAsUser == nil || *c.RunAsUser != 0) &&
		(c.Capabilities == nil || len(c.Capabilities.Add) == 0)
}

// hardened are the roles that are filled in, and with what.
func (in *installation) hardened() map[string]gives {
	return perHard(in, func(r v1alpha1.Role) (gives, bool) {
		g := in.gives(r)
		return g, in.plain(r) && len(g.Pod)+len(g.Container) > 0
	})
}

// given is the union of the fields that any role gives.
func (in *installation) given(of func(gives) map[string]any) []string {
	names := map[string]bool{}
	for _, g := range in.hardened() {
		for name := range of(g) {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// forRole is an expression for the value of variables.hard in a table; roles with one value are named together.
func forRole[T any](table map[string]T, none string) string {
	byValue, order := map[string][]string{}, []string(nil)
	for _, name := range slices.Sorted(maps.Keys(table)) {
		text := lit(table[name])
		if byValue[text] == nil {
			order = append(order, text)
		}
		byValue[text] = append(byValue[text], name)
	}
	return each(order, func(value string) string {
		return say("<is> ? <value> :\n", "is", isOneOf("variables.hard", byValue[value]), "value", value)
	}) + none
}
