package native

import (
	"slices"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

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
	case "seccompProfile": // beside its annotation it is given nothing, unless it is added to a pod that has no profile
		return say(`("container.seccomp.security.alpha.kubernetes.io/" + c.is.name in variables.annotations ?
  (variables.adds && !has(variables.podContext.seccompProfile) ? variables.gives.pod[?"seccompProfile"] : optional.none()) :
variables.adds && !has(variables.podContext.seccompProfile) ? variables.gives.both[?"seccompProfile"] : <own>)`, "own", own)
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
	text += each(slices.Compact(names), func(name string) string {
		return say(" +\n"+`variables.given.filter(g, g.is.hasValue() && "<name>" in g.gives).map(g, JSONPatch{op: "add", path: g.path + "/<name>", value: g.gives["<name>"]})`, "name", name)
	})
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
