package polyaxonfile_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/polyaxonfile"
)

// TestClassicFiles: a file of 0.x becomes the pods of its environment, with the labels that Polyaxon 0.x writes.
func TestClassicFiles(t *testing.T) {
	for name, tc := range map[string]struct{ file, want string }{
		"an experiment": {
			`{version: 1, kind: experiment, build: {image: "python:3.6"},
			  environment: {node_selector: {polyaxon: experiments}, annotations: {a: b}, resources: {cpu: {requests: 1}, memory: {limits: 512}, gpu: {limits: 2}}}}`,
			`{"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"app":"polyaxon-experiment","role":"polyaxon-workers","type":"polyaxon-runner"},"name":"plx-experiment"},` +
				`"spec":{"containers":[{"image":"python:3.6","name":"polyaxon-experiment-job","resources":{"limits":{"memory":"512Mi","nvidia.com/gpu":"2"},"requests":{"cpu":"1"}}}],` +
				`"nodeSelector":{"polyaxon":"experiments"}}}`,
		},
		"a build": {
			`{version: 1, kind: build, image: python, environment: {annotations: {a: b}, tolerations: [{operator: Exists}], service_account: builder}}`,
			`{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"a":"b"},"labels":{"app":"polyaxon-dockerizer","role":"polyaxon-workers","type":"polyaxon-runner"},"name":"plx-build"},` +
				`"spec":{"containers":[{"image":"polyaxon/polyaxon-dockerizer","name":"polyaxon-dockerizer-job","resources":{"limits":{},"requests":{}}}],` +
				`"serviceAccountName":"builder","tolerations":[{"operator":"Exists"}]}}`,
		},
		"a notebook": {
			`{version: 1, kind: notebook, build: {image: jupyter}, environment: {labels: {app: mine, team: a}}}`,
			`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"plx-notebook"},"spec":{"template":{"metadata":` +
				`{"labels":{"app":"polyaxon-notebook","role":"polyaxon-dashboard","team":"a","type":"polyaxon-runner"}},` +
				`"spec":{"containers":[{"image":"jupyter","name":"polyaxon-plugin-job","resources":{"limits":{},"requests":{}}}]}}}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			raw := read(t, tc.file)
			runs, err := polyaxonfile.Runs(raw)
			if err != nil || len(runs) != 1 || !polyaxonfile.Is(raw) {
				t.Fatalf("%d runs, %v, is a polyaxonfile: %t", len(runs), err, polyaxonfile.Is(raw))
			}
			got, err := json.Marshal(runs[0].Operation)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestClassicReplicas: what a file says of replicas is a pod of its own, wherever the version has it.
func TestClassicReplicas(t *testing.T) {
	runs, err := polyaxonfile.Runs(read(t, `{version: 1, kind: experiment, environment: {persistence: {data: [d]}, secret_refs: [s],
	  replicas: {n_workers: 2, default_worker: {node_selector: {a: b}}, ps: [{index: 0, environment: {tolerations: []}}]},
	  tensorflow: {default_ps: {node_selector: {c: d}}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	var at []string
	for _, r := range runs {
		at = append(at, r.Replicas[0].At)
	}
	want := "[environment environment.replicas.default_worker environment.replicas.ps[0].environment environment.tensorflow.default_ps]"
	if got := fmt.Sprint(at); got != want {
		t.Errorf("pods at %s, want %s", got, want)
	}
	if got := fmt.Sprint(runs[0].Unknown); got != "[persistence secret_refs]" {
		t.Errorf("not known: %s", got)
	}
}
