package manifest

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPods(t *testing.T) {
	tests := map[string][]string{
		"builtin.yaml": {
			"Pod/alone  alone in team-a",
			"Deployment/web spec.template web- in team-a of apps/v1 ReplicaSet web-0000000000 by replicaset-controller app=web note=b",
			"ReplicaSet/web-5f spec.template web-5f- of apps/v1 ReplicaSet web-5f by replicaset-controller",
			"ReplicationController/old spec.template old- of v1 ReplicationController old by replication-controller",
			"StatefulSet/db spec.template db- of apps/v1 StatefulSet db by statefulset-controller",
			"DaemonSet/agent spec.template agent- of apps/v1 DaemonSet agent by daemon-set-controller",
			"Job/once spec.template once- of batch/v1 Job once by job-controller",
			"CronJob/nightly spec.jobTemplate.spec.template nightly- of batch/v1 Job nightly-00000000 by job-controller",
		},
		"operators.yaml": {
			"PyTorchJob/ddp spec.pytorchReplicaSpecs.Master.template ddp- of kubeflow.org/v1 PyTorchJob ddp a=m",
			"PyTorchJob/ddp spec.pytorchReplicaSpecs.Worker.template ddp- of kubeflow.org/v1 PyTorchJob ddp a=w",
			"MPIJob/mpi spec.mpiReplicaSpecs.Launcher.template mpi- of batch/v1 Job mpi-launcher by job-controller",
			"MPIJob/mpi spec.mpiReplicaSpecs.Worker.template mpi- of kubeflow.org/v2beta1 MPIJob mpi",
			"MPIJob/oldmpi spec.template oldmpi- of batch/v1 Job oldmpi-launcher by job-controller",
			"RayJob/tune spec.rayClusterSpec.headGroupSpec.template tune- of ray.io/v1 RayCluster tune-raycluster",
			"RayJob/tune spec.rayClusterSpec.workerGroupSpecs[0].template tune- of ray.io/v1 RayCluster tune-raycluster",
			"RayJob/tune spec.rayClusterSpec.workerGroupSpecs[1].template tune- of ray.io/v1 RayCluster tune-raycluster",
			"RayJob/tune spec.submitterPodTemplate tune- of batch/v1 Job tune by job-controller",
			"RayCluster/shared spec.headGroupSpec.template shared- of ray.io/v1 RayCluster shared",
			"DaskJob/etl spec.cluster.spec.scheduler etl- of apps/v1 ReplicaSet etl-0000000000 by replicaset-controller team=vision tier=object",
			"DaskJob/etl spec.cluster.spec.worker etl- of apps/v1 ReplicaSet etl-0000000000 by replicaset-controller team=vision tier=object",
			"DaskJob/etl spec.job etl- of kubernetes.dask.org/v1 DaskJob etl team=vision tier=template",
			"Reactor/core.one spec.stages[v1.2/hot].pod core.one- of example.com/v1 Reactor core.one",
		},
		"polyaxon.yaml": {
			"Operation/plx-operation-1 batchJobSpec.template plx-operation-1- of batch/v1 Job plx-operation-1 by job-controller app.kubernetes.io/component=polyaxon-jobs tier=template operation.polyaxon.com/kind=job",
			"Operation/plx-operation-2 serviceSpec.template plx-operation-2- of apps/v1 ReplicaSet plx-operation-2-0000000000 by replicaset-controller tier=object",
			"Operation/plx-operation-3 tfJobSpec.replicaSpecs.Chief.template plx-operation-3- of kubeflow.org/v1 TFJob plx-operation-3 tier=object",
			"Operation/plx-operation-3 tfJobSpec.replicaSpecs.Worker.template plx-operation-3- of kubeflow.org/v1 TFJob plx-operation-3 tier=template",
			"Operation/plx-operation-4 rayJobSpec.head.template plx-operation-4- of ray.io/v1 RayCluster plx-operation-4-raycluster tier=template",
			"Operation/plx-operation-4 rayJobSpec.workers[0].template plx-operation-4- of ray.io/v1 RayCluster plx-operation-4-raycluster tier=object",
			"Operation/plx-operation-5 daskJobSpec.replicaSpecs.Job.template plx-operation-5- of kubernetes.dask.org/v1 DaskJob plx-operation-5 tier=object",
			"Operation/plx-operation-5 daskJobSpec.replicaSpecs.Worker.template plx-operation-5- of apps/v1 ReplicaSet plx-operation-5-0000000000 by replicaset-controller tier=object",
			"Job/plx-operation-6 batchJobSpec.template plx-operation-6- of batch/v1 Job plx-operation-6 by job-controller tier=template",
			"KfJob/plx-operation-7 pytorchJobSpec.replicaSpecs.Master.template plx-operation-7- of kubeflow.org/v1 PyTorchJob plx-operation-7 tier=object",
			"Cluster/plx-operation-8 rayClusterSpec.head.template plx-operation-8- of ray.io/v1 RayCluster plx-operation-8 tier=object",
		},
		"none.yaml": nil,
	}
	for file, want := range tests {
		t.Run(file, func(t *testing.T) {
			got := summaries(t, readFile(t, file))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("pods of %s (-want +got):\n%s", file, diff)
			}
		})
	}
}

// summaries tells in one line each what the pods of some objects are.
func summaries(t *testing.T, objects []Object) []string {
	t.Helper()
	var got []string
	for _, o := range objects {
		pods, errs := Pods(o)
		for _, err := range errs {
			t.Error(err)
		}
		for _, pod := range pods {
			got = append(got, summary(pod))
		}
	}
	return got
}

func summary(p Pod) string {
	meta := p.Pod.ObjectMeta
	words := []string{p.Object.String(), p.Path, meta.Name + meta.GenerateName}
	if meta.Namespace != "" {
		words = append(words, "in", meta.Namespace)
	}
	for _, owner := range meta.OwnerReferences {
		words = append(words, "of", owner.APIVersion, owner.Kind, owner.Name)
	}
	if p.Creator != "" {
		words = append(words, "by", p.Creator[strings.LastIndex(p.Creator, ":")+1:])
	}
	for _, m := range []map[string]string{meta.Labels, meta.Annotations} {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			words = append(words, key+"="+m[key])
		}
	}
	return strings.Join(words, " ")
}

func readFile(t *testing.T, name string) []Object {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	objects, err := Read(name, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func TestUnknownFieldsStayInRaw(t *testing.T) {
	const text = `{kind: Job, metadata: {name: a}, spec: {template: {spec: {containers: [{name: main, fromTheFuture: 1}]}}}}`
	objects, err := Read("a.yaml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	pods, errs := Pods(objects[0])
	if len(errs) > 0 || len(pods) != 1 {
		t.Fatalf("Pods = %v, %v", pods, errs)
	}
	want := "[map[fromTheFuture:1 name:main]]"
	if got := fmt.Sprint(pods[0].Raw["spec"].(map[string]any)["containers"]); got != want {
		t.Errorf("raw containers = %s, want %s", got, want)
	}
}

// A field of the wrong type is named with its line, and does not hide the pods beside it.
func TestMalformedPods(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"number where a string belongs": {
			"kind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: main\n    env:\n    - name: PORT\n      value: 8080\n",
			"a.yaml:8: Pod/a: spec.containers[0].env[0].value must be a string, not the number 8080; put it in quotes",
		},
		"list where a mapping belongs": {
			"kind: Job\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n      containers:\n      - name: main\n        resources: []\n",
			"a.yaml:8: Job/a: spec.template.spec.containers[0].resources must be a mapping, not a list",
		},
		"string where a number belongs": {
			"kind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - ports:\n    - containerPort: http\n",
			`a.yaml:6: Pod/a: spec.containers[0].ports[0].containerPort must be a whole number of 32 bits, not the string "http"`,
		},
		"string where a truth value belongs": {
			"kind: Pod\nmetadata: {name: a}\nspec:\n  hostNetwork: \"yes\"\n  containers: []\n",
			`a.yaml:4: Pod/a: spec.hostNetwork must be true or false, not the string "yes"`,
		},
		"mapping where a list belongs": {
			"kind: Pod\nmetadata: {name: a}\nspec:\n  tolerations: {key: a}\n  containers: []\n",
			"a.yaml:4: Pod/a: spec.tolerations must be a list, not a mapping",
		},
		"container that is only a name": {
			"kind: Pod\nmetadata: {name: a}\nspec:\n  containers: [nginx]\n",
			`a.yaml:4: Pod/a: spec.containers[0] must be a mapping, not the string "nginx"`,
		},
		"Pod without a list of containers": {
			"kind: Pod\nmetadata: {name: a}\nspec: {containers: nginx}\n",
			`a.yaml:3: Pod/a: spec.containers must be a list, not the string "nginx"`,
		},
		"bad quantity": {
			"kind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - resources: {limits: {memory: 1 GB}}\n",
			`a.yaml:5: Pod/a: spec.containers[0].resources.limits.memory is the string "1 GB": quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
		},
		"label that is a number": {
			"kind: Job\nmetadata:\n  name: a\n  labels:\n    version: 2\nspec: {template: {spec: {containers: []}}}\n",
			"a.yaml:5: Job/a: metadata.labels.version must be a string, not the number 2; put it in quotes",
		},
		"template metadata that is a list": {
			"kind: Job\nmetadata: {name: a}\nspec:\n  template:\n    metadata: {labels: [a]}\n    spec: {containers: []}\n",
			"a.yaml:5: Job/a: spec.template.metadata.labels must be a mapping, not a list",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			objects, err := Read("a.yaml", strings.NewReader(tc.text))
			if err != nil {
				t.Fatal(err)
			}
			pods, errs := Pods(objects[0])
			if len(pods) != 0 || len(errs) != 1 {
				t.Fatalf("Pods = %v, %v", pods, errs)
			}
			if got := errs[0].Error(); got != tc.want {
				t.Errorf("error:\n got %s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestOwner: Polyaxon's own kinds own the pods of their templates, and others of those names do not.
func TestOwner(t *testing.T) {
	const metadata = "metadata: {name: plx-operation-1, labels: {a: b}, annotations: {polymoat.io/node-pool: gpu}}\n"
	const template = "batchJobSpec: {template: {spec: {containers: [{name: a}]}}}\n"
	for kind, want := range map[string]string{
		"apiVersion: core.polyaxon.com/v1\nkind: Operation\n": "operations.core.polyaxon.com/plx-operation-1 map[a:b] map[polymoat.io/node-pool:gpu]",
		"apiVersion: polyaxon.com/v1\nkind: Job\n":            "jobs.polyaxon.com/plx-operation-1 map[a:b] map[polymoat.io/node-pool:gpu]",
		"apiVersion: batch/v1\nkind: Job\n":                   "",
	} {
		objects, err := Read("a.yaml", strings.NewReader(kind+metadata+template))
		if err != nil {
			t.Fatal(err)
		}
		pods, errs := Pods(objects[0])
		if len(pods) != 1 || len(errs) > 0 {
			t.Fatalf("%q: %d pods, %v", kind, len(pods), errs)
		}
		got := ""
		if owner := pods[0].Owner; owner != nil {
			got = fmt.Sprint(owner, owner.Labels, owner.Annotations)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", kind, diff)
		}
	}
}
