// Package polyaxonfile makes of a polyaxonfile the resource that Polyaxon would make of it: an Operation of a component or
// operation file of 1.x and 2.x, Pods and Deployments of a file of 0.x. It does so as far as the file tells: its pods have the labels, the containers and the environment, and nothing of what
// Polyaxon adds from its own settings. It works on JSON values, and has no opinion on pods.
package polyaxonfile

import (
	"fmt"
	"slices"
	"strings"
)

// Run is one run of a file, as Polyaxon would make it.
type Run struct {
	// Operation holds the pod templates. In 0.x it is a Pod or a Deployment.
	Operation map[string]any
	// Replicas are the places of the file that the pod templates come from, in the order of their field paths in Operation.
	Replicas []Replica
	// Unknown is what the pods get from elsewhere: `preset "gpu"`, `connection "s3"`.
	Unknown []string
}

// Is says whether an object is such a file.
func Is(raw map[string]any) bool {
	kind, _ := raw["kind"].(string)
	_, object := raw["apiVersion"]
	_, version := raw["version"]
	_, old := classics[kind]
	return !object && version && (old || kind == "component" || kind == "operation")
}

// Runs are those of a file: one, or those of its graph. The error says what it lacks, and where.
func Runs(raw map[string]any) ([]Run, error) {
	switch kind, _ := raw["kind"].(string); kind {
	case "component":
	case "operation":
		return operation(raw, "", nil)
	default:
		return classicRuns(raw, kind), nil
	}
	return component(raw, "", nil, raw)
}

// operation is an operation at a place of the file; known are the components of the graph around it.
func operation(op map[string]any, at string, known map[string]place) ([]Run, error) {
	if c := mapping(op, "component"); c != nil {
		return component(c, join(at, "component"), mapping(op, "runPatch"), op, at)
	}
	if name, ok := op["dagRef"].(string); ok {
		if c, found := known[name]; found {
			return component(c.raw, c.at, mapping(op, "runPatch"), op, at)
		}
	}
	for _, ref := range []string{"hubRef", "pathRef", "urlRef", "dagRef"} {
		if name, ok := op[ref].(string); ok {
			return nil, fmt.Errorf("%s names the component %q, which is not in the file; write it there as component", join(at, ref), name)
		}
	}
	return nil, fmt.Errorf("%s is missing; write the component there", join(at, "component"))
}

// place is a part of a file.
type place struct {
	raw map[string]any
	at  string
}

// component is a component at a place of the file, with what an operation at another patches.
func component(c map[string]any, at string, patch map[string]any, op map[string]any, opAt ...string) ([]Run, error) {
	run := mapping(c, "run")
	if run == nil {
		return nil, fmt.Errorf("%s is missing; write what is to run there", join(at, "run"))
	}
	at = join(at, "run")
	kind, _ := run["kind"].(string)
	if kind == "dag" {
		return graph(run, at)
	}
	of, ok := kinds[kind]
	if !ok {
		return nil, fmt.Errorf("%s %q is not known; the known ones are %s", join(at, "kind"), kind, known())
	}
	patchAt := "runPatch"
	if len(opAt) > 0 {
		patchAt = join(opAt[0], "runPatch")
	}
	b := builder{of: of, name: cmpName(op, c), component: c, kind: kind}
	for _, r := range of.replicas(run, at) {
		b.add(r, patch, patchAt)
	}
	if len(b.run.Replicas) == 0 {
		return nil, fmt.Errorf("%s is missing; write what is to run there", join(at, "container"))
	}
	b.run.Unknown = unknown(op, c, run, patch)
	return []Run{b.finish()}, nil
}

// mostRuns bounds a graph: graphs may stand inside one another.
const mostRuns = 128

// graph are the runs of a graph: those of its operations, which name components beside them.
func graph(run map[string]any, at string) ([]Run, error) {
	known := map[string]place{}
	for i, c := range items(run, "components") {
		if name, ok := c["name"].(string); ok {
			known[name] = place{c, fmt.Sprintf("%s.components[%d]", at, i)}
		}
	}
	var all []Run
	for i, op := range items(run, "operations") {
		runs, err := operation(op, fmt.Sprintf("%s.operations[%d]", at, i), known)
		if err != nil {
			return nil, err
		}
		if all = append(all, runs...); len(all) > mostRuns {
			return nil, fmt.Errorf("%s has more than %d runs", join(at, "operations"), mostRuns)
		}
	}
	return all, nil
}

// unknown are what an administrator or Polyaxon itself adds to the pods, by name.
func unknown(op, component, run, patch map[string]any) []string {
	var found []string
	for _, in := range []map[string]any{component, op} {
		for _, preset := range words(in["presets"]) {
			found = append(found, fmt.Sprintf("preset %q", preset))
		}
		if queue, ok := in["queue"].(string); ok {
			found = append(found, fmt.Sprintf("queue %q", queue))
		}
	}
	for _, in := range []map[string]any{run, patch} {
		for _, connection := range words(in["connections"]) {
			found = append(found, fmt.Sprintf("connection %q", connection))
		}
		for _, init := range items(in, "init") {
			if connection, ok := init["connection"].(string); ok {
				found = append(found, fmt.Sprintf("connection %q", connection))
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func join(at, field string) string {
	if at == "" {
		return field
	}
	return at + "." + field
}

// cmpName is the name of the run: the operation's, else the component's.
func cmpName(op, component map[string]any) string {
	for _, in := range []map[string]any{op, component} {
		if name, ok := in["name"].(string); ok && name != "" {
			return name
		}
	}
	return "run"
}

func mapping(in map[string]any, key string) map[string]any {
	m, _ := in[key].(map[string]any)
	return m
}

// items are the mappings of a list.
func items(in map[string]any, key string) []map[string]any {
	list, _ := in[key].([]any)
	var all []map[string]any
	for _, item := range list {
		m, _ := item.(map[string]any)
		all = append(all, m)
	}
	return all
}

func words(value any) []string {
	list, _ := value.([]any)
	var all []string
	for _, item := range list {
		if word, ok := item.(string); ok {
			all = append(all, word)
		}
	}
	return all
}

// label is a text as the value of a label.
func label(text string) string {
	mapped := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' {
			return r
		}
		return '-'
	}, text)
	return strings.Trim(mapped[:min(len(mapped), 63)], "-_.")
}
