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
	text := ""
	for _, value := range order {
		text += say("<is> ? <value> :\n", "is", isOneOf("variables.hard", byValue[value]), "value", value)
	}
	return text + none
}

var identityFields = []string{"runAsUser", "runAsGroup", "runAsNonRoot"}

// hardening are the variables that say what a pod and its containers are given.
func (in *installation) hardening() []variable {
	vars := append(in.imageVariables(), []variable{
		{"adds", "whether ephemeral containers are added", `request.operation == "UPDATE" && request.?subResource.orValue("") == "ephemeralcontainers"`},
		{"gives", "what its role gives it where it says nothing", forRole(in.hardened(), `{"pod": dyn({}), "container": dyn({}), "both": dyn({}), "drop": dyn([])}`)},
		{"windowsPlaced", "whether it is a pod for Windows once it is placed", "variables.adds ? variables.windows : " + windows("variables.placedSelector", "variables.sealedTerms")},
		{"apart", "whether containers are given an identity one by one, because what the pod says would hold for builders and root, too",
			say(`variables.adds || (object.spec.containers + object.spec.?initContainers.orValue([])).exists(c, <exempt> ||
c.?securityContext.runAsUser.orValue(variables.podContext.?runAsUser.orValue(1)) == 0)`, "exempt", exempt("c"))},
		{"podGiven", "what the pod is given", in.podGiven()},
		{"podUser", "the user of the pod then", podNow("runAsUser")},
		{"podGroup", "its group then", podNow("runAsGroup")},
		{"said", "what the pod says for all containers: they are given nothing that would stand before that", in.said()},
		{"containers", "the containers that are hardened, and where they are", say(`(variables.adds ? object.spec.?ephemeralContainers.orValue([]).transformList(i, c,
  !oldObject.spec.?ephemeralContainers.orValue([]).exists(o, o.name == c.name), {"path": dyn("/spec/ephemeralContainers/" + string(i)), "is": dyn(c)}) :
object.spec.?initContainers.orValue([]).transformList(i, c, {"path": dyn("/spec/initContainers/" + string(i)), "is": dyn(c)}) +
object.spec.containers.transformList(i, c, {"path": dyn("/spec/containers/" + string(i)), "is": dyn(c)})).filter(c, !<exempt>)`, "exempt", exempt("c.is"))},
		{"hardens", "whether it is hardened", `!variables.windowsPlaced && !(` + isOneOf("variables.hard", in.whereHard(func(r v1alpha1.Role) bool { return !in.plain(r) })) + `)`},
		{"given", "what each container is given", in.containerGiven()},
	}...)
	return append(vars, in.home()...)
}

// podNow is what the pod says in the end of an id.
func podNow(field string) string {
	return say(`variables.podContext[?"<field>"].or(variables.podGiven[?"<field>"])`, "field", field)
}

func (in *installation) podGiven() string {
	names := in.given(func(g gives) map[string]any { return g.Pod })
	names = append(names, "runAsUser", "runAsGroup", "fsGroup")
	slices.Sort(names)
	if !slices.Contains(names, "fsGroupChangePolicy") {
		names = append(names, "fsGroupChangePolicy")
	}
	names = slices.Compact(names)
	var values []string
	for _, name := range names {
		values = append(values, say(`has(variables.podContext.<name>) ? optional.none() : <value>`, "name", name, "value", podValue(name)))
	}
	return "variables.adds ? {} : " + present(names, values...)
}

// podValue is an optional value for a field that the pod leaves open.
func podValue(name string) string {
	given := say(`variables.gives.pod[?"<name>"]`, "name", name)
	switch name {
	case "runAsUser", "runAsGroup":
		return say(`variables.askedIDs[?"<name>"].or(variables.apart ? optional.none() : variables.imageGives[?"<name>"].or(<given>))`, "name", name, "given", given)
	case "runAsNonRoot":
		return `variables.apart ? optional.none() : ` + given
	case "fsGroup":
		return `variables.askedIDs[?"fsGroup"].or(variables.imageGives[?"fsGroup"]).or(` + given + `)`
	case "fsGroupChangePolicy": // to change the owner of every file of a large volume takes long, each time
		return given + `.or(has(variables.podContext.fsGroup) ? optional.none() :
variables.askedIDs[?"fsGroup"].or(variables.imageGives[?"fsGroup"]).or(variables.gives.pod[?"fsGroup"]).optMap(g, dyn("OnRootMismatch")))`
	case "seccompProfile":
		return say(`<given>.optMap(g, [variables.annotations[?"seccomp.security.alpha.kubernetes.io/pod"].orValue("")].map(a,
a in ["runtime/default", "docker/default"] ? dyn({"type": "RuntimeDefault"}) : a == "unconfined" ? dyn({"type": "Unconfined"}) :
a.startsWith("localhost/") && a != "localhost/" ? dyn({"type": "Localhost", "localhostProfile": a.substring(10)}) : dyn(g))[0])`, "given", given)
	case "windowsOptions":
		return `has(object.spec.os) ? optional.none() : ` + given
	case "appArmorProfile": // the API server makes the annotations fields, and what it cannot read must say the same
		return say(`variables.annotations.exists(k, k.startsWith("container.apparmor.security.beta.kubernetes.io/") &&
!variables.annotations[k].matches(<readable>)) ? optional.none() : <given>`, "readable", raw(`^(runtime/default|unconfined|localhost/(\S|\S.*\S))$`), "given", given)
	}
	return given
}

// said are the names of the fields that the pod itself, an override or its image sets for all containers.
func (in *installation) said() string {
	text := `(variables.adds ? [] : variables.askedIDs.transformList(k, v, k) + (variables.apart ? [] : variables.imageGives.transformList(k, v, k)))`
	for _, name := range []string{"runAsUser", "runAsGroup", "runAsNonRoot", "seccompProfile", "appArmorProfile", "seLinuxOptions", "windowsOptions"} {
		text += say(" +\n"+`(has(variables.podContext.<name>) ? ["<name>"] : [])`, "name", name)
	}
	return text
}

// containerGiven is, for each container, where it is and the fields that it is given.
func (in *installation) containerGiven() string {
	names := in.given(func(g gives) map[string]any { return g.Both })
	names = append(names, "runAsUser", "runAsGroup")
	slices.Sort(names)
	names = slices.Compact(names)
	var values []string
	for _, name := range names {
		value := containerValue(name)
		switch name {
		case "capabilities":
			value = `variables.gives.container[?"capabilities"]`
		case "runAsGroup":
			value = in.groupValue()
		}
		values = append(values, say(`c.is.?securityContext.<name>.hasValue() ? optional.none() : <value>`, "name", name, "value", value))
	}
	return `!variables.hardens ? [] : variables.containers.map(c, {"path": dyn(c.path + "/securityContext"), "is": dyn(c.is.?securityContext), "gives": dyn(` +
		present(names, values...) + `)})`
}

func containerValue(name string) string {
	own := say(`("<name>" in variables.said ? optional.none() : variables.gives.container[?"<name>"])`, "name", name)
	switch name {
	case "runAsUser", "runAsGroup":
		return say(`(variables.apart ? (variables.pod<Name>.hasValue() ? optional.none() : variables.askedIDs[?"<name>"].or(variables.imageGives[?"<name>"]).or(variables.gives.both[?"<name>"])) : <own>)`,
			"Name", name[len("runAs"):], "name", name, "own", own)
	case "runAsNonRoot": // a kubelet would not start a container that is root
		return say(`c.is.?securityContext.runAsUser.orValue(variables.podUser.orValue(1)) == 0 ? optional.none() :
variables.apart && !has(variables.podContext.runAsNonRoot) ? variables.gives.both[?"runAsNonRoot"] : <own>`, "own", own)
	case "seccompProfile":
		return say(`(("container.seccomp.security.alpha.kubernetes.io/" + c.is.name) in variables.annotations ? optional.none() : <own>).or(
variables.apart && !has(variables.podContext.seccompProfile) && !("seccompProfile" in variables.podGiven) ? variables.gives.both[?"seccompProfile"] : optional.none())`, "own", own)
	case "windowsOptions":
		return `has(object.spec.os) ? optional.none() : ` + own
	case "appArmorProfile":
		return say(`("container.apparmor.security.beta.kubernetes.io/" + c.is.name) in variables.annotations ? optional.none() : <own>`, "own", own)
	case "allowPrivilegeEscalation":
		return say(`c.is.?securityContext.privileged.orValue(false) || "CAP_SYS_ADMIN" in c.is.?securityContext.capabilities.add.orValue([]) ? optional.none() : <own>`, "own", own)
	}
	return own
}

// groupValue is the group of a container that names none: in restricted roles never none beside a user.
func (in *installation) groupValue() string {
	return say(`<value>.or(!(<restricted>) || variables.podGroup.hasValue() || !(c.is.?securityContext.runAsUser.hasValue() || variables.podUser.hasValue() ||
<user>.hasValue()) ? optional.none() : optional.of(dyn(<gid>)))`,
		"value", containerValue("runAsGroup"), "restricted", isOneOf("variables.hard", in.level(v1alpha1.Restricted)),
		"user", containerValue("runAsUser"), "gid", lit(in.Spec.DefaultGroup()))
}

// home are the variables about HOME.
func (in *installation) home() []variable {
	return []variable{{"homeless", "the containers whose uid is given, and whose image has no home for it", say(`!variables.hardens && !variables.windowsPlaced || variables.adds || <keeps> ||
variables.image.optMap(i, i.home).orValue(false) || has(variables.podContext.runAsUser) ? [] :
(object.spec.?initContainers.orValue([]).transformList(i, c, {"path": dyn("/spec/initContainers/" + string(i)), "is": dyn(c)}) +
object.spec.containers.transformList(i, c, {"path": dyn("/spec/containers/" + string(i)), "is": dyn(c)})).filter(c,
!c.is.?securityContext.runAsUser.hasValue() && (variables.hardens && variables.podUser.hasValue() ||
variables.given.exists(g, g.path == c.path + "/securityContext" && "runAsUser" in g.gives)) &&
c.is.?envFrom.orValue([]).size() == 0 && !c.is.?env.orValue([]).exists(e, e.name == "HOME"))`,
		"keeps", isOneOf("variables.hard", in.whereHard(func(r v1alpha1.Role) bool { return r.Identity == v1alpha1.Keep })))}}
}

// hardenPatches are the operations that harden a pod.
func (in *installation) hardenPatches() string {
	names := append(in.given(func(g gives) map[string]any { return g.Both }), "runAsUser", "runAsGroup", "capabilities")
	slices.Sort(names)
	text := `(!variables.hardens || variables.podGiven.size() == 0 ? [] : !has(object.spec.securityContext) ?
[JSONPatch{op: "add", path: "/spec/securityContext", value: variables.podGiven}] :
variables.podGiven.transformList(k, v, JSONPatch{op: "add", path: "/spec/securityContext/" + k, value: v})) +
variables.given.filter(g, !g.is.hasValue() && g.gives.size() > 0).map(g, JSONPatch{op: "add", path: g.path, value: g.gives})`
	for _, name := range slices.Compact(names) {
		text += say(" +\n"+`variables.given.filter(g, g.is.hasValue() && "<name>" in g.gives).map(g, JSONPatch{op: "add", path: g.path + "/<name>", value: g.gives["<name>"]})`, "name", name)
	}
	text += " +\n" + `variables.given.filter(g, variables.gives.drop.size() > 0 && g.is.hasValue() && has(g.is.value().capabilities) &&
  !("ALL" in g.is.value().capabilities.?drop.orValue([])) && variables.gives.drop.exists(n, !(n in g.is.value().capabilities.?drop.orValue([])))).map(g,
  JSONPatch{op: "add", path: g.path + "/capabilities/drop", value: g.is.value().capabilities.?drop.orValue([]) +
  variables.gives.drop.filter(n, !(n in g.is.value().capabilities.?drop.orValue([])))})`
	if in.Spec.HomeOf() != "" {
		text += " +\n" + say(`variables.homeless.map(c, !has(c.is.env), JSONPatch{op: "add", path: c.path + "/env", value: []}) +
variables.homeless.map(c, JSONPatch{op: "add", path: c.path + "/env/-", value: {"name": "HOME", "value": <home>}}) +
variables.homeless.map(c, !c.is.?env.orValue([]).exists(e, e.name == "USER"), JSONPatch{op: "add", path: c.path + "/env/-", value: {"name": "USER", "value": "polyaxon"}})`,
			"home", quote(in.Spec.HomeOf()))
	}
	return text
}
