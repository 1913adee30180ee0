package native

import (
	"maps"
	"slices"
	"strings"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// identity are the variables that tell a pod's role, as policy.Policy does: by Polyaxon's marks, then by content.
func (in *installation) identity() []variable {
	vars := []variable{
		{"labels", "the labels of the object", `object.metadata.?labels.orValue({})`},
		{"annotations", "its annotations", `object.metadata.?annotations.orValue({})`},
		{"name", "its name, or what its name will begin with",
			`object.metadata.?name.orValue("") != "" ? object.metadata.name : object.metadata.?generateName.orValue("")`},
		{"owners", "who owns it", `object.metadata.?ownerReferences.orValue([])`},
		{"run", "the role by the marks of a run, since 1.0 and before; empty for any other pod", in.runs("variables.labels")},
		{"marked", "whether it carries a mark of Polyaxon itself: a label of its charts, a Helm hook, a bundled dependency",
			in.core("variables.labels", "variables.owners")},
		{"base", "the role by Polyaxon's own marks", `variables.run != "" ? variables.run : variables.marked ? ` + quote(in.coreRole()) + ` : "other"`},
	}
	vars = append(vars, in.content()...)
	return append(vars, variable{"ownRole", "the role before overrides: the content of a run may change it, and labels and annotations of the policy's own", in.classified()})
}

// coreRole is what Polyaxon's own marks make of a pod that is no run.
func (in *installation) coreRole() string {
	if in.unmarked(v1alpha1.RoleCore) {
		return v1alpha1.RoleOther
	}
	return v1alpha1.RoleCore
}

// runs tells the role of a run by its labels.
func (in *installation) runs(labels string) string {
	mapped := func(table map[string]string) string {
		roles := map[string]string{}
		for key, role := range table {
			roles[key] = in.run(role)
		}
		return lit(roles)
	}
	named := each(in.marks.Prefixes, func(p polyaxon.Prefix) string {
		return say(`variables.name.startsWith(<prefix>) ? <role> : `, "prefix", quote(p.Prefix), "role", quote(in.run(p.Role)))
	})
	return say(`<labels>[?"app.kubernetes.io/part-of"].orValue("") == "polyaxon-runs" ?
  <components>[?<labels>[?"app.kubernetes.io/component"].orValue("")].orValue(
  <kinds>[?variables.annotations[?"operation.polyaxon.com/kind"].orValue("")].orValue(<jobs>)) :
<labels>[?"type"].orValue("") in ["polyaxon-runner", "polyaxon-experiment"] ||
<labels>[?"app.kubernetes.io/part-of"].orValue("") == "polyaxon-runner" ?
  <apps>[?<labels>[?"app"].orValue("")].orValue(
  <labels>[?"task_type"].orValue("") + <labels>[?"experiment_uuid"].orValue("") != "" ? <experiments> :
  <named><jobs>) : ""`,
		"labels", labels, "components", mapped(in.marks.Components), "kinds", mapped(in.marks.Kinds), "apps", mapped(in.marks.Apps),
		"jobs", quote(in.run(v1alpha1.RoleJobs)), "experiments", quote(in.run(v1alpha1.RoleExperiments)), "named", named)
}

// isRun says by labels alone whether it is a run.
func isRun(labels string) string {
	return say(`(<labels>[?"app.kubernetes.io/part-of"].orValue("") in ["polyaxon-runs", "polyaxon-runner"] ||
<labels>[?"type"].orValue("") in ["polyaxon-runner", "polyaxon-experiment"])`, "labels", labels)
}

// core tells by labels, and for Helm hooks by the owner, whether a pod carries a mark of Polyaxon itself.
func (in *installation) core(labels, owners string) string {
	return say(`<labels>[?"app.kubernetes.io/part-of"].orValue("") in <parts> ||
<labels>[?"type"].orValue("") in <types> ||
<owners>.exists(o, o.kind == "Job" && o.?controller.orValue(false) &&
  o.name.startsWith("<release>-") && o.name != "<release>-" &&
  (<labels>[?"app"].orValue("") == "<release>-polyaxon" && <labels>[?"release"].orValue("") == "<release>" ||
  <labels>[?"app.kubernetes.io/name"].orValue("") == "<release>-polyaxon" + o.name.substring(<length>))) ||
`, "labels", labels, "owners", owners, "parts", lit(in.marks.Parts), "types", lit(in.marks.Types), "release", in.Spec.Release,
		"length", lit(len(in.Spec.Release))) + in.operatorIs(labels) + " ||\n" + in.dependencyIs(labels)
}

func (in *installation) operatorIs(labels string) string {
	return say(`<labels>[?"app"].orValue("") in <operators> && <labels>[?"release"].orValue("") != "" &&
  (<labels>["release"] == <release> || <labels>[?"chart"].orValue("").startsWith(<labels>["app"] + "-"))`,
		"labels", labels, "operators", lit(in.marks.Operators), "release", quote(in.Spec.Release))
}

func (in *installation) dependencyIs(labels string) string {
	prefixed := make([]string, len(in.marks.Dependencies))
	for i, name := range in.marks.Dependencies {
		prefixed[i] = in.Spec.Release + "-" + name
	}
	return say(`<labels>[?"app"].orValue("") in <prefixed> ||
<labels>[?"app"].orValue("") in <own> && <labels>[?"release"].orValue("") == <release> ||
<labels>[?"app.kubernetes.io/name"].orValue("") in <dependencies> && <labels>[?"app.kubernetes.io/instance"].orValue("") == <release>`,
		"labels", labels, "prefixed", lit(prefixed), "own", lit(append(slices.Clone(in.marks.Dependencies), in.Spec.Release+"-polyaxon-nfs")),
		"dependencies", lit(in.marks.Dependencies), "release", quote(in.Spec.Release))
}

// rows are the signals that give a role, in the order in which they are tried: the policy's own, then the built-in ones.
func (in *installation) rows() []polyaxon.Row {
	rows := in.ownRows()
	for _, row := range polyaxon.Content {
		if !in.unmarked(row.Role) {
			rows = append(rows, row)
		}
	}
	return rows
}

// ownRows are those of the policy.
func (in *installation) ownRows() []polyaxon.Row {
	var rows []polyaxon.Row
	for _, r := range in.roles {
		if r.Match == nil {
			continue
		}
		for _, signal := range r.Match.Any {
			rows = append(rows, polyaxon.Row{Role: r.Name, Signal: signal})
		}
	}
	return rows
}

// classified tells the role by the first signal that holds.
func (in *installation) classified() string {
	text := ""
	if in.coreRole() == v1alpha1.RoleCore {
		text = `variables.base == "core" ? "core" :` + "\n"
	}
	for rows := in.rows(); len(rows) > 0; {
		role, same := rows[0].Role, []string(nil)
		for len(rows) > 0 && rows[0].Role == role {
			same, rows = append(same, signal(rows[0])), rows[1:]
		}
		text += say("<holds> ? <role> :\n", "holds", either(same...), "role", quote(role))
	}
	return text + "variables.base"
}

// signal is an expression that holds where a pod shows every mark of a signal.
func signal(row polyaxon.Row) string {
	s, parts := row.Signal, []string(nil)
	if s.Role != "" {
		parts = append(parts, `variables.base == `+quote(s.Role))
	}
	parts = append(parts, signalMarks(s, "variables.labels", "variables.annotations")...)
	if isContent(s) {
		parts = append(parts, `variables.run != ""`)
	} else if row.Role == v1alpha1.RoleCore {
		parts = append(parts, `variables.run == ""`) // nothing makes a run core
	}
	if s.InitContainer != "" {
		parts = append(parts, `object.spec.?initContainers.orValue([]).exists(c, c.name.startsWith(`+quote(s.InitContainer)+`))`)
	}
	if s.Image != "" {
		parts = append(parts, `variables.main.image.matches(`+raw(imageOf(s.Image))+`)`)
	}
	if s.Command != "" {
		parts = append(parts, say(`variables.commands.exists(c, c.words.size() - c.start > 2 && c.words[c.start].matches(<python>) && c.words[c.start + 1] == "-m" ?
  c.words[c.start + 2].split(".")[0] == <program> : c.words.size() > c.start && c.words[c.start].matches(<named>))`,
			"python", raw(`(?s)^(.*/)?python[^/]*/*$`), "program", quote(s.Command), "named", raw(baseIs(s.Command))))
	}
	if s.Arg != "" {
		parts = append(parts, `variables.commands.exists(c, c.words.exists(i, w, i >= c.start && w.matches(`+raw(`^["']*`+literally(s.Arg))+`)))`)
	}
	if len(parts) == 0 || row.Role == v1alpha1.RoleCore && isContent(s) {
		return "false"
	}
	return strings.Join(parts, " && ")
}

func isContent(s v1alpha1.Signal) bool {
	return s.Image != "" || s.Command != "" || s.Arg != "" || s.InitContainer != ""
}

// signalMarks are the labels and annotations of a signal.
func signalMarks(s v1alpha1.Signal, labels, annotations string) []string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(s.Labels)) {
		parts = append(parts, say(`<labels>[?<key>] == optional.of(<value>)`, "labels", labels, "key", quote(key), "value", quote(s.Labels[key])))
	}
	for _, key := range slices.Sorted(maps.Keys(s.Annotations)) {
		parts = append(parts, say(`<of>[?<key>] == optional.of(<value>)`, "of", annotations, "key", quote(key), "value", quote(s.Annotations[key])))
	}
	return parts
}

// markKeys are the keys of labels and annotations on which a role depends.
func (in *installation) markKeys() (labels, annotations []string) {
	labels = []string{"app", "app.kubernetes.io/component", "app.kubernetes.io/instance", "app.kubernetes.io/name", "app.kubernetes.io/part-of",
		"chart", "experiment_uuid", "release", "task_type", "type"}
	annotations = []string{"operation.polyaxon.com/kind"}
	for _, row := range in.rows() {
		labels = slices.AppendSeq(labels, maps.Keys(row.Signal.Labels))
		annotations = slices.AppendSeq(annotations, maps.Keys(row.Signal.Annotations))
	}
	slices.Sort(labels)
	slices.Sort(annotations)
	return slices.Compact(labels), slices.Compact(annotations)
}
