package siege

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// TestAttacks: there are 86, numbered in order, and each either is tried or says why not.
func TestAttacks(t *testing.T) {
	attacks, err := Attacks()
	if err != nil {
		t.Fatal(err)
	}
	if len(attacks) != 86 {
		t.Errorf("there are %d attacks, want 86", len(attacks))
	}
	for i, a := range attacks {
		if a.Number != i+1 || a.Title == "" || len(a.Title) > 40 {
			t.Errorf("attack %d is numbered %d and called %q, want at most 40 letters", i+1, a.Number, a.Title)
		}
		if (len(a.Requests) == 0) == (a.NotApplicable == "") {
			t.Errorf("attack %d: want either requests or a reason why there are none", a.Number)
		}
		for _, r := range a.Requests {
			checkRequest(t, a, r)
		}
	}
}

func checkRequest(t *testing.T, a Attack, r Request) {
	t.Helper()
	verbs := 0
	for _, path := range []string{r.Create, r.Patch, r.Delete} {
		if path != "" {
			verbs++
		}
	}
	if verbs != 1 || (r.Body == nil) != (r.Delete != "") {
		t.Errorf("attack %d: want one of create, patch and delete, with a body but for delete", a.Number)
	}
	if r.Open != "" && !slices.Contains([]Opening{Allowed, Lands, Evicted, Starved, Endpoint, Replaced}, r.Open) {
		t.Errorf("attack %d: open is %q", a.Number, r.Open)
	}
	filled, err := besieged.fill(r.Create + r.Patch + r.Delete + " " + string(r.Body))
	if err != nil || strings.Contains(strings.ReplaceAll(filled, "$patch", ""), "$") {
		t.Errorf("attack %d: a placeholder is left: %v\n%s", a.Number, err, filled)
	}
}

var besieged = target{
	namespace: "polyaxon", node: "core-1", release: "polyaxon", key: "polyaxon", value: "core",
	run: "run-1", waiting: "run-2", core: "api-1", freed: "experiments-1", account: "polyaxon-polyaxon-serviceaccount", path: "/tmp/data",
	service: map[string]string{"app": "api"}, deployment: map[string]string{"app": "api"},
	replicaSet:  map[string]string{"app": "api", "pod-template-hash": "7f9c"},
	statefulSet: map[string]string{"app": "redis"},
	tolerations: tolerationsOf([]corev1.Taint{{Key: "polyaxon", Value: "core", Effect: corev1.TaintEffectNoSchedule}}),
}

// TestPodsDecode: what is created as a pod is one, with a name and a container.
func TestPodsDecode(t *testing.T) {
	attacks, err := Attacks()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range attacks {
		for _, r := range a.Requests {
			if r.Create != "pods" {
				continue
			}
			body, err := besieged.fill(string(r.Body))
			if err == nil {
				body, err = dress(body)
			}
			if err != nil {
				t.Fatalf("attack %d: %v", a.Number, err)
			}
			decoder := json.NewDecoder(strings.NewReader(body))
			decoder.DisallowUnknownFields()
			var pod corev1.Pod
			if err := decoder.Decode(&pod); err != nil {
				t.Errorf("attack %d: %v", a.Number, err)
			}
			if pod.GenerateName == "" || len(pod.Spec.Containers) == 0 {
				t.Errorf("attack %d: the pod lacks a name or containers", a.Number)
			}
		}
	}
}
