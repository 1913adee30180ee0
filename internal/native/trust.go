package native

import (
	"strings"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

var strictness = map[v1alpha1.PodSecurity]int{v1alpha1.Privileged: 0, v1alpha1.Baseline: 1, v1alpha1.Restricted: 2}

func looserThan(r, o v1alpha1.Role) bool {
	return strictness[r.PodSecurity] < strictness[o.PodSecurity] || r.Identity == v1alpha1.Keep && o.Identity != v1alpha1.Keep
}

// trust are the variables that say whose hardening applies: content may move a pod, and frees it of nothing.
func (in *installation) trust() []variable {
	looser := perRole(in, func(r v1alpha1.Role) ([]string, bool) {
		names := in.where(func(o v1alpha1.Role) bool { return looserThan(r, o) })
		return names, len(names) > 0
	})
	images := perHard(in, func(r v1alpha1.Role) (string, bool) { return repositories(r.RootImages), len(r.RootImages) > 0 })
	return []variable{
		{"requester", "whether Polyaxon itself asks", isOneOf("request.userInfo.username", in.Spec.Requesters)},
		{"labelled", "the role by Polyaxon's labels; they make builds only where Polyaxon itself asks",
			`variables.ownRole == "builds" && variables.base == "builds" && !variables.requester ? "jobs" : variables.base`},
		{"roles", "all roles that it has: what is narrowed to roles holds only where it names them all",
			`[variables.role, variables.ownRole, variables.labelled]`},
		{"ownHard", "the role whose hardening holds before overrides",
			say(`variables.labelled in <looser>[?variables.ownRole].orValue([]) ? variables.labelled : variables.ownRole`, "looser", lit(looser))},
		{"hard", "the role whose hardening holds; the stricter of both where an override asks for another", in.mixed("variables.ownHard")},
		{"soft", "the role whose images may run as root although those of hard may not; the stricter of both, too", in.mixed("variables.ownRole")},
		{"rootImages", "these images; empty where that frees of nothing",
			say(`variables.ownHard == variables.ownRole ? "" : <images>[?variables.soft].orValue("")`, "images", lit(images))},
		{"windows", "whether it is a pod for Windows", windows("variables.selector", "variables.terms")},
		{"podContext", "the security context of the pod", `object.spec.?securityContext.orValue({})`},
	}
}

// repositories is a pattern for the images of these repositories, with whatever tag and digest. docker.io may be left out.
func repositories(list []string) string {
	names := make([]string, len(list))
	for i, name := range list {
		names[i] = literally(name)
		if path, ok := strings.CutPrefix(name, "docker.io/"); ok {
			bare, official := strings.CutPrefix(path, "library/")
			names[i] = `((index\.)?docker\.io/)?` + literally(path)
			if official {
				names[i] = `((index\.)?docker\.io/)?(library/)?` + literally(bare)
			}
		}
	}
	return `^(` + strings.Join(names, "|") + `)(:[\w][\w.-]{0,127})?(@(sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}))?$`
}

// exempt is an expression that says whether the hardening leaves a container out.
func exempt(c string) string {
	return say(`(variables.rootImages != "" && <c>.image.matches(variables.rootImages))`, "c", c)
}

// windows is an expression that says whether a pod is for Windows.
func windows(selector, terms string) string {
	return say(`has(object.spec.os) ? object.spec.os.name == "windows" : "kubernetes.io/os" in <selector> && <selector>["kubernetes.io/os"] == "windows" ||
<terms>.size() > 0 && <terms>.all(t, t.expressions.exists(r, r.key == "kubernetes.io/os" && r.operator == "In" && r.values == ["windows"]))`,
		"selector", selector, "terms", terms)
}

// identity of an image as the expressions know it.
type imageRow struct {
	Pattern string         `json:"pattern"`
	Gives   map[string]any `json:"gives"`
	Home    bool           `json:"home"` // the image's own home is right
	Known   bool           `json:"known"`
}

// images are the identities that images were made for: the policy's own first.
func (in *installation) images() []imageRow {
	var rows []imageRow
	for _, list := range [][]v1alpha1.ImageIdentity{in.Spec.Images, polyaxon.Images} {
		for _, i := range list {
			gives := map[string]any{}
			for name, id := range map[string]*int64{"runAsUser": i.RunAsUser, "runAsGroup": i.RunAsGroup, "fsGroup": i.FSGroup} {
				if id != nil {
					gives[name] = *id
				}
			}
			rows = append(rows, imageRow{imageOf(i.Repository), gives, i.Home == v1alpha1.KeepHome, len(rows) >= len(in.Spec.Images)})
		}
	}
	return rows
}

// imageVariables tell the identity that the main container's image was made for.
func (in *installation) imageVariables() []variable {
	named := in.whereHard(namesUser)
	return []variable{
		{"image", "the identity that the image of the main container was made for; that of the policy before those that are known",
			say(`<keeps> ? optional.none() : <rows>.filter(i, !(i.known && <named>) && variables.main.image.matches(i.pattern))[?0]`,
				"keeps", "("+isOneOf("variables.hard", in.whereHard(func(r v1alpha1.Role) bool { return r.Identity == v1alpha1.Keep }))+")",
				"rows", lit(in.images()), "named", "("+isOneOf("variables.hard", named)+")")},
		{"imageGives", "its ids", `variables.image.optMap(i, i.gives).orValue({})`},
	}
}

func namesUser(r v1alpha1.Role) bool {
	return r.PodSecurityContext != nil && r.PodSecurityContext.RunAsUser != nil ||
		r.ContainerSecurityContext != nil && r.ContainerSecurityContext.RunAsUser != nil
}

// level are the names of the roles held to a standard.
func (in *installation) level(l v1alpha1.PodSecurity) []string {
	return in.whereHard(func(r v1alpha1.Role) bool { return r.PodSecurity == l })
}
