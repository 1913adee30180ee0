package polyaxonfile

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// builder makes an Operation.
type builder struct {
	of         kind
	name, kind string
	component  map[string]any
	run        Run
	templates  []map[string]any
}

// add makes the pod template of a replica. What an operation patches counts, and is named as it stands in the patch.
func (b *builder) add(r Replica, patch map[string]any, patchAt string) {
	names := names{at: r.At}
	environment := maps.Clone(mapping(r.raw, "environment"))
	if environment == nil {
		environment = map[string]any{}
	}
	if r.name == "" { // an operation patches a run that is its own replica
		for key, value := range mapping(patch, "environment") {
			environment[key] = merged(environment[key], value)
			names.patched(key, patchAt)
		}
	}
	container, ok := merged(r.raw["container"], alone(r, patch, "container")).(map[string]any)
	if !ok { // the patch is no container
		container = mapping(r.raw, "container")
	}
	spec := b.spec(r, environment, maps.Clone(container), &names)
	r.Names = names.pairs()
	b.run.Replicas = append(b.run.Replicas, r)
	b.templates = append(b.templates, map[string]any{
		"metadata": map[string]any{
			"labels":      over(mapping(environment, "labels"), b.labels()),
			"annotations": over(mapping(environment, "annotations"), map[string]any{"operation.polyaxon.com/kind": b.kind, "operation.polyaxon.com/name": b.name}),
		},
		"spec": spec,
	})
}

// alone is the field of a patch, which is for a run without several replicas.
func alone(r Replica, patch map[string]any, key string) any {
	if r.name != "" {
		return nil
	}
	return patch[key]
}

// labels are those that Polyaxon writes.
func (b *builder) labels() map[string]any {
	return map[string]any{
		"app.kubernetes.io/name": label(b.name), "app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/managed-by": "polyaxon",
		"app.kubernetes.io/component": b.of.component,
	}
}

// spec is the pod's, in which the main container comes first.
func (b *builder) spec(r Replica, environment, main map[string]any, names *names) map[string]any {
	spec := map[string]any{}
	for key, value := range environment {
		if key != "labels" && key != "annotations" {
			spec[key] = value
			names.environment(key)
		}
	}
	if main["name"] == nil {
		main["name"] = b.of.main
	}
	containers := []any{main}
	names.add("spec.containers[0]", "container")
	for i, sidecar := range items(r.raw, "sidecars") {
		containers = append(containers, named(sidecar, fmt.Sprintf("sidecar-%d", i)))
		names.add(fmt.Sprintf("spec.containers[%d]", i+1), fmt.Sprintf("sidecars[%d]", i))
	}
	var inits []any
	for i, init := range items(r.raw, "init") {
		inits = append(inits, initContainer(init, i))
		field := fmt.Sprintf("init[%d]", i)
		if mapping(init, "container") != nil {
			field += ".container"
		}
		names.add(fmt.Sprintf("spec.initContainers[%d]", i), field)
	}
	var volumes []any
	for i, volume := range items(r.raw, "volumes") {
		volumes = append(volumes, volume)
		names.add(fmt.Sprintf("spec.volumes[%d]", i), fmt.Sprintf("volumes[%d]", i))
	}
	if mapping(b.component, "plugins")["docker"] == true {
		names.plain(fmt.Sprintf("spec.volumes[%d]", len(volumes)), "plugins.docker")
		names.plain("spec.volumes", either(len(volumes) == 0, "plugins.docker", join(r.At, "volumes")))
		volumes = append(volumes, map[string]any{"name": "docker", "hostPath": map[string]any{"path": "/var/run/docker.sock"}})
		mounts, _ := main["volumeMounts"].([]any)
		main["volumeMounts"] = append(slices.Clone(mounts), map[string]any{"name": "docker", "mountPath": "/var/run/docker.sock"})
	}
	names.add("spec.containers[*]", either(len(containers) == 1, "container", "*"))
	names.add("spec.initContainers[*]", "init[*]")
	names.add("spec.volumes", "volumes")
	spec["containers"] = containers
	for key, list := range map[string][]any{"initContainers": inits, "volumes": volumes} {
		if len(list) > 0 {
			spec[key] = list
		}
	}
	return spec
}

func either(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

// initContainer is a container of the user's own, or what Polyaxon makes of the item: its name tells what it does.
func initContainer(init map[string]any, i int) map[string]any {
	if own := mapping(init, "container"); own != nil {
		return named(own, fmt.Sprintf("init-%d", i))
	}
	for key, prefix := range map[string]string{"git": "git", "dockerfile": "dockerfile", "file": "file", "tensorboard": "tb", "artifacts": "artifacts"} {
		if init[key] != nil {
			return map[string]any{"name": fmt.Sprintf("polyaxon-init-%s-%d", prefix, i), "image": "polyaxon/polyaxon-init"}
		}
	}
	return map[string]any{"name": fmt.Sprintf("polyaxon-init-custom-%d", i), "image": "polyaxon/polyaxon-init"}
}

func named(container map[string]any, name string) map[string]any {
	container = maps.Clone(container)
	if container == nil {
		container = map[string]any{}
	}
	if container["name"] == nil {
		container["name"] = name
	}
	return container
}

// finish puts the templates where the kind of Operation has them.
func (b *builder) finish() Run {
	section := map[string]any{}
	if b.of.alone {
		section["template"] = b.templates[0]
	} else {
		specs := map[string]any{}
		for i, t := range b.templates {
			specs[specName(b.run.Replicas[i].name)] = map[string]any{"template": t}
		}
		section["replicaSpecs"] = specs
	}
	b.run.Operation = map[string]any{
		"apiVersion": "core.polyaxon.com/v1", "kind": "Operation", "metadata": map[string]any{"name": label(b.name), "labels": b.labels()}, b.of.section: section,
	}
	return b.run
}

// specName is a replica in an Operation: "Worker", "PS".
func specName(replica string) string {
	if replica == "ps" {
		return "PS"
	}
	return strings.ToUpper(replica[:1]) + replica[1:]
}

// ReplicaAt is the one that a pod template of the Operation was made of.
func (r Run) ReplicaAt(at []any) Replica {
	for _, replica := range r.Replicas {
		if len(at) > 2 && replica.name != "" && at[2] == specName(replica.name) {
			return replica
		}
	}
	return r.Replicas[0]
}

// merged is a patch over what was there: mappings are merged, anything else is replaced.
func merged(before, patch any) any {
	to, ok := before.(map[string]any)
	from, patches := patch.(map[string]any)
	if patch == nil {
		return before
	}
	if !ok || !patches {
		return patch
	}
	to = maps.Clone(to)
	for key, value := range from {
		to[key] = merged(to[key], value)
	}
	return to
}

// over is one mapping over another.
func over(below, above map[string]any) map[string]any {
	all := maps.Clone(below)
	if all == nil {
		all = map[string]any{}
	}
	maps.Copy(all, above)
	return all
}
