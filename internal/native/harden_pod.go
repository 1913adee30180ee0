package native

import (
	"slices"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// hardening are the variables that say what a pod and its containers are given.
func (in *installation) hardening() []variable {
	vars := append(in.imageVariables(), []variable{
		{"adds", "whether ephemeral containers are added", `request.operation == "UPDATE" && request.?subResource.orValue("") == "ephemeralcontainers"`},
		{"gives", "what its role gives it where it says nothing", forRole(in.hardened(), `{"pod": dyn({}), "container": dyn({}), "both": dyn({}), "drop": dyn([])}`)},
		{"windowsPlaced", "whether it is a pod for Windows once it is placed", "variables.adds ? variables.windows : " + windows("variables.placedSelector", "variables.sealedTerms")},
		{"apart", "whether containers are given an identity one by one, because what the pod says would hold for builders and root, too",
			say(`variables.adds || (object.spec.containers + object.spec.?initContainers.orValue([])).exists(c, <exempt> ||
c.?securityContext.runAsUser.orValue(variables.podContext.?runAsUser.orValue(1)) == 0)`, "exempt", exempt("c"))},
		{"annotatedSeccomp", "the profile that the pod's deprecated annotation names", `[variables.annotations[?"seccomp.security.alpha.kubernetes.io/pod"].orValue("")].map(a,
a in ["runtime/default", "docker/default"] ? optional.of(dyn({"type": "RuntimeDefault"})) : a == "unconfined" ? optional.of(dyn({"type": "Unconfined"})) :
a.startsWith("localhost/") && a != "localhost/" ? optional.of(dyn({"type": "Localhost", "localhostProfile": a.substring(10)})) : optional.none())[0]`},
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
		return say(`<given>.optMap(g, variables.annotatedSeccomp.orValue(dyn(g)))`, "given", given)
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
	return `(variables.adds ? [] : variables.askedIDs.transformList(k, v, k) + (variables.apart ? [] : variables.imageGives.transformList(k, v, k)))` +
		each([]string{"runAsUser", "runAsGroup", "runAsNonRoot", "seccompProfile", "appArmorProfile", "seLinuxOptions", "windowsOptions"}, func(name string) string {
			return say(" +\n"+`(has(variables.podContext.<name>) ? ["<name>"] : [])`, "name", name)
		}) + ` +
(variables.annotatedSeccomp.hasValue() && "seccompProfile" in variables.podGiven ? ["seccompProfile"] : [])`
}
