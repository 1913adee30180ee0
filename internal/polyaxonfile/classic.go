package polyaxonfile

import (
	"fmt"
	"maps"
	"slices"
)

// classic is how Polyaxon 0.x makes pods of runs of one kind.
type classic struct {
	app, role  string // labels
	main       string // name of the main container
	image      string // of the main container; empty where it is the file's
	deployment bool   // a Deployment's pods, not a Pod
	annotated  bool   // the file's annotations reach the pod
}

// classics are the kinds of files of Polyaxon 0.x. The runs of a group are experiments.
var classics = map[string]classic{
	"experiment":  {app: "polyaxon-experiment", role: "polyaxon-workers", main: "polyaxon-experiment-job"},
	"group":       {app: "polyaxon-experiment", role: "polyaxon-workers", main: "polyaxon-experiment-job"},
	"job":         {app: "polyaxon-job", role: "polyaxon-workers", main: "polyaxon-job", annotated: true},
	"build":       {app: "polyaxon-dockerizer", role: "polyaxon-workers", main: "polyaxon-dockerizer-job", image: "polyaxon/polyaxon-dockerizer", annotated: true},
	"notebook":    {app: "polyaxon-notebook", role: "polyaxon-dashboard", main: "polyaxon-plugin-job", deployment: true, annotated: true},
	"tensorboard": {app: "polyaxon-tensorboard", role: "polyaxon-dashboard", main: "polyaxon-plugin-job", deployment: true, annotated: true},
}

// classicFields are those of a pod that an environment sets, and their names in it.
var classicFields = map[string]string{
	"nodeSelector": "node_selector", "affinity": "affinity", "tolerations": "tolerations", "serviceAccountName": "service_account",
}

// elsewhere are the fields of an environment that name what an administrator has set up.
var elsewhere = []string{"artifact_refs", "config_map_refs", "configmap_refs", "data_refs", "persistence", "secret_refs"}

// frameworks are where an environment has the replicas of an experiment: since 0.4.2 under the first.
var frameworks = []string{"replicas", "tensorflow", "mxnet", "pytorch", "horovod", "mpi"}

// classicRuns are the pods of a file of Polyaxon 0.x: the master's, and those that the file describes apart.
func classicRuns(raw map[string]any, kind string) []Run {
	of, environment := classics[kind], mapping(raw, "environment")
	runs := []Run{of.run(raw, kind, environment, "environment")}
	for _, framework := range frameworks {
		replicas := mapping(environment, framework)
		for _, name := range []string{"default_worker", "default_ps", "worker", "ps"} {
			at := join("environment."+framework, name)
			if r := mapping(replicas, name); r != nil {
				runs = append(runs, of.replica(raw, kind, r, at))
			}
			for i, r := range items(replicas, name) {
				runs = append(runs, of.replica(raw, kind, r, fmt.Sprintf("%s[%d]", at, i)))
			}
		}
	}
	return runs
}

// replica is a replica that the file describes apart. Some versions have its environment one level lower.
func (c classic) replica(raw map[string]any, kind string, r map[string]any, at string) Run {
	if environment := mapping(r, "environment"); environment != nil {
		return c.run(raw, kind, environment, join(at, "environment"))
	}
	return c.run(raw, kind, r, at)
}

// run is the pod of one environment.
func (c classic) run(raw map[string]any, kind string, environment map[string]any, at string) Run {
	spec := map[string]any{"containers": []any{c.container(raw, environment)}}
	for field, name := range classicFields {
		if value, ok := environment[name]; ok && value != nil {
			spec[field] = value
		}
	}
	metadata := map[string]any{"labels": over(mapping(environment, "labels"), map[string]any{"app": c.app, "role": c.role, "type": "polyaxon-runner"})}
	if annotations := mapping(environment, "annotations"); c.annotated && annotations != nil {
		metadata["annotations"] = annotations
	}
	return Run{
		Operation: c.object(kind, metadata, spec),
		Replicas:  []Replica{{At: at, Names: classicNames(raw, at)}},
		Unknown:   classicUnknown(environment),
	}
}

// object is what Polyaxon creates.
func (c classic) object(kind string, metadata, spec map[string]any) map[string]any {
	name := map[string]any{"name": "plx-" + kind}
	if !c.deployment {
		return map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": over(metadata, name), "spec": spec}
	}
	template := map[string]any{"metadata": metadata, "spec": spec}
	return map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": name, "spec": map[string]any{"template": template}}
}

func (c classic) container(raw, environment map[string]any) map[string]any {
	container := map[string]any{"name": c.main, "image": c.image}
	for _, in := range []map[string]any{raw, mapping(raw, "build")} {
		if image, ok := in["image"].(string); ok && c.image == "" {
			container["image"] = image
		}
	}
	requests, limits := map[string]any{}, map[string]any{}
	for name, resource := range map[string]string{"cpu": "cpu", "memory": "memory", "gpu": "nvidia.com/gpu"} {
		asked := mapping(mapping(environment, "resources"), name)
		for key, list := range map[string]map[string]any{"requests": requests, "limits": limits} {
			if value := asked[key]; value != nil {
				list[resource] = quantity(name, value)
			}
		}
	}
	container["resources"] = map[string]any{"requests": requests, "limits": limits}
	return container
}

// quantity is a value as Kubernetes writes it: a number of memory is in MiB.
func quantity(name string, value any) string {
	_, text := value.(string)
	if name == "memory" && !text {
		return fmt.Sprint(value) + "Mi"
	}
	return fmt.Sprint(value)
}

// classicNames are the fields of the pod and what the file calls them, longer ones first. Whatever a file cannot set keeps
// its name.
func classicNames(raw map[string]any, at string) []string {
	image := "image"
	if mapping(raw, "build") != nil {
		image = "build.image"
	}
	known := map[string]string{
		"spec.containers[0].image": image, "spec.containers[0].resources": join(at, "resources"),
		"metadata.annotations": join(at, "annotations"), "metadata.labels": join(at, "labels"),
	}
	for field, name := range classicFields {
		known["spec."+field] = join(at, name)
	}
	var pairs []string
	for _, field := range slices.SortedFunc(maps.Keys(known), func(a, b string) int { return len(b) - len(a) }) {
		pairs = append(pairs, field, known[field])
	}
	return pairs
}

func classicUnknown(environment map[string]any) []string {
	var found []string
	for _, key := range elsewhere {
		if environment[key] != nil {
			found = append(found, key)
		}
	}
	return found
}
