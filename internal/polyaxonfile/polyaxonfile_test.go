package polyaxonfile_test

import (
	"fmt"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/internal/polyaxonfile"
)

func read(t *testing.T, text string) map[string]any {
	t.Helper()
	var raw map[string]any
	if err := yaml.Unmarshal([]byte(text), &raw); err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestIs(t *testing.T) {
	for text, want := range map[string]bool{
		"{version: 1.1, kind: component}":                 true,
		"{version: 1.1, kind: operation}":                 true,
		"{version: 1, kind: experiment}":                  true,
		"{version: 1, kind: pipeline}":                    false, // 0.x, without pods of its own
		"{kind: component}":                               false,
		"{apiVersion: v1, kind: Pod}":                     false,
		"{apiVersion: a/v1, kind: operation, version: 1}": false,
	} {
		if got := polyaxonfile.Is(read(t, text)); got != want {
			t.Errorf("%s: %t, want %t", text, got, want)
		}
	}
}

// TestOddFiles: what is wrong with a file is an error or is left out, and never a panic.
func TestOddFiles(t *testing.T) {
	for _, text := range []string{
		"{kind: operation, version: 1}",
		"{kind: component, version: 1, run: 3}",
		"{kind: component, version: 1, run: {kind: 3}}",
		"{kind: component, version: 1, run: {kind: job}}",
		"{kind: component, version: 1, run: {kind: job, container: {}, init: [3], sidecars: [null], volumes: [x], environment: [1]}}",
		"{kind: component, version: 1, plugins: {docker: true}, run: {kind: job, container: {volumeMounts: 3}}}",
		`{kind: component, version: 1, run: {kind: tfjob, "": {container: {}}, ps: {container: {}}, worker: [{container: {}}, 3]}}`,
		"{kind: operation, version: 1, runPatch: {container: 3, environment: {labels: 4}}, component: {run: {kind: job, container: {}}}}",
		"{kind: component, version: 1, run: {kind: dag, operations: [3, null], components: [null, {name: 3}]}}",
	} {
		runs, err := polyaxonfile.Runs(read(t, text))
		if (err == nil) == (len(runs) == 0) {
			t.Errorf("%s: %d runs and %v", text, len(runs), err)
		}
	}
}

func TestGraphsAreBounded(t *testing.T) {
	graph := "{run: {kind: job, container: {}}}"
	for range 4 {
		operations := ""
		for range 20 {
			operations += "{dagRef: a},"
		}
		graph = fmt.Sprintf("{name: a, run: {kind: dag, operations: [%s], components: [{name: a, %s]}}", operations, graph[1:])
	}
	raw := read(t, graph)
	raw["kind"], raw["version"] = "component", 1.1
	const want = "run.components[0].run.components[0].run.operations has more than 128 runs"
	if _, err := polyaxonfile.Runs(raw); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestPatches: what an operation patches counts, and is called what the operation calls it.
func TestPatches(t *testing.T) {
	runs, err := polyaxonfile.Runs(read(t, `
kind: operation
version: 1.1
presets: [gpu]
queue: agent/slow
runPatch: {environment: {nodeSelector: {b: "2"}}, connections: [s3]}
component:
  run: {kind: job, environment: {nodeSelector: {a: "1"}, nodeName: n}, container: {image: alpine}}
`))
	if err != nil || len(runs) != 1 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	if got, want := fmt.Sprint(runs[0].Unknown), `[connection "s3" preset "gpu" queue "agent/slow"]`; got != want {
		t.Errorf("not known: %s, want %s", got, want)
	}
	template := runs[0].Operation["batchJobSpec"].(map[string]any)["template"].(map[string]any)
	if got, want := fmt.Sprint(template["spec"].(map[string]any)["nodeSelector"]), "map[a:1 b:2]"; got != want {
		t.Errorf("nodeSelector is %s, want %s", got, want)
	}
	names := map[string]string{}
	for i := 0; i < len(runs[0].Replicas[0].Names); i += 2 {
		if pod := runs[0].Replicas[0].Names[i]; names[pod] == "" {
			names[pod] = runs[0].Replicas[0].Names[i+1]
		}
	}
	for pod, want := range map[string]string{
		"spec.nodeSelector": "runPatch.environment.nodeSelector", "spec.nodeName": "component.run.environment.nodeName",
		"spec.containers[0]": "component.run.container", "metadata.annotations": "component.run.environment.annotations",
	} {
		if names[pod] != want {
			t.Errorf("%s is called %s, want %s", pod, names[pod], want)
		}
	}
}
