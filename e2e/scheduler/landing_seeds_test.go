package scheduler

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/internal/landing"
)

// core is the pool that the attacks are after.
var core = landing.Pool{
	Name: "core", Key: "polyaxon", Value: "core",
	Taints: []corev1.Taint{{Key: "polyaxon", Value: "core", Effect: corev1.TaintEffectNoSchedule}},
}

// attacks are the ways onto a node that a pod's spec can say, numbered as in bypasses.md.
var attacks = map[string]string{
	"1 nodeName":                      `{nodeName: n1, tolerations: [{operator: Exists}]}`,
	"6 keyless Exists":                `{tolerations: [{operator: Exists}]}`,
	"6 all effects":                   `{tolerations: [{key: polyaxon, operator: Exists}]}`,
	"7 Lt":                            `{tolerations: [{key: polyaxon, operator: Lt, value: "6"}, {key: a, operator: Gt, value: "4"}, {key: b, operator: Exists}]}`,
	"8 tolerationSeconds":             `{tolerations: [{operator: Exists, effect: NoExecute, tolerationSeconds: 1}, {operator: Exists, effect: NoSchedule}]}`,
	"9 lifecycle taints":              `{tolerations: [{key: node.kubernetes.io/unschedulable, operator: Exists}]}`,
	"10 matchFields":                  `{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [n1]}]}]}}}, tolerations: [{operator: Exists}]}`,
	"11 an unsealed term":             `{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: polyaxon, operator: NotIn, values: [core]}]}, {matchExpressions: [{key: a, operator: Exists}]}]}}}, tolerations: [{operator: Exists}]}`,
	"11 an empty term":                `{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{}, {matchExpressions: [{key: polyaxon, operator: NotIn, values: [core]}]}]}}}, tolerations: [{operator: Exists}]}`,
	"11 no term":                      `{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: []}}}, tolerations: [{operator: Exists}]}`,
	"12 nonsense about labels":        `{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: polyaxon, operator: DoesNotExist}, {key: a, operator: NotIn, values: ["5"]}]}]}}}, tolerations: [{operator: Exists}]}`,
	"12 a number's other spelling":    `{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Gt, values: ["4"]}, {key: a, operator: Lt, values: ["6"]}, {key: a, operator: NotIn, values: ["5"]}]}]}}}, tolerations: [{operator: Exists}]}`,
	"16 what a RuntimeClass brings":   `{runtimeClassName: any, nodeSelector: {polyaxon: core}, tolerations: [{key: polyaxon, operator: Equal, value: core}]}`,
	"31 kubectl debug of a node":      `{nodeName: n2, hostPID: true, tolerations: [{operator: Exists}]}`,
	"42 tightened while it was gated": `{nodeSelector: {a: "5"}, tolerations: [{key: polyaxon, value: core}]}`,
}

// seeds returns pod specs by name: those of the corpus, and the attacks.
func seeds(t *testing.T) map[string]corev1.PodSpec {
	t.Helper()
	specs := map[string]corev1.PodSpec{}
	for name, document := range attacks {
		specs[name] = decode[corev1.PodSpec](t, name, []byte(document))
	}
	files, err := filepath.Glob("../../internal/corpus/testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus in ../../internal/corpus/testdata: %v", err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, document := range bytes.Split(content, []byte("\n---")) {
			if pod := decode[corev1.Pod](t, file, document); pod.Kind == "Pod" {
				specs[filepath.Base(file)] = pod.Spec
			}
		}
	}
	return specs
}

func decode[T any](t *testing.T, name string, document []byte) (into T) {
	t.Helper()
	if err := yaml.Unmarshal(document, &into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return into
}
