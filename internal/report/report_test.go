package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	openreports "github.com/openreports/reports-api/apis/openreports.io/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/internal/audit"
)

// run is an Operation with pods that have these findings each.
func run(pods int, found ...audit.Finding) Workload {
	w := Workload{Namespace: "polyaxon", Owner: metav1.OwnerReference{APIVersion: "core.polyaxon.com/v1", Kind: "Operation", Name: "run", UID: "u-1"}}
	for i := range pods {
		pod := Pod{Name: fmt.Sprintf("run-%02d", pods-i), UID: types.UID(fmt.Sprintf("p-%02d", pods-i))}
		for _, f := range found {
			f.Object, f.Namespace = "pod/"+pod.Name, w.Namespace
			pod.Findings = append(pod.Findings, f)
		}
		w.Pods = append(w.Pods, pod)
	}
	return w
}

var (
	root = audit.Finding{
		Kind: audit.PodRunsAsRoot, Policy: "polyaxon", Role: "jobs", Rule: "run-as-root",
		Detail: "spec.securityContext.runAsUser is 0", Fix: "set it to 2222",
	}
	trespass = audit.Finding{
		Kind: audit.PodOnProtectedNode, Policy: "polyaxon", Role: "jobs", NodePool: "core",
		Detail: `runs on node "core-1", where role "jobs" may not be`, Fix: "delete it",
	}
)

// TestOf pins what a dashboard reads.
func TestOf(t *testing.T) {
	const want = `apiVersion: openreports.io/v1alpha1
kind: Report
metadata:
  labels:
    app.kubernetes.io/managed-by: polymoat
  name: polymoat-a24a7f55f278dd49
  namespace: polyaxon
  ownerReferences:
  - apiVersion: core.polyaxon.com/v1
    kind: Operation
    name: run
    uid: u-1
results:
- category: pod-on-protected-node
  message: pod/run-01 runs on node "core-1", where role "jobs" may not be; delete
    it. The same is found of 1 more pod
  policy: polyaxon
  properties:
    nodePool: core
    pods: "2"
    role: jobs
  resources:
  - apiVersion: v1
    kind: Pod
    name: run-01
    namespace: polyaxon
    uid: p-01
  - apiVersion: v1
    kind: Pod
    name: run-02
    namespace: polyaxon
    uid: p-02
  result: fail
  scored: true
  severity: critical
  source: polymoat
  timestamp:
    nanos: 0
    seconds: 0
- category: pod-runs-as-root
  message: pod/run-01 spec.securityContext.runAsUser is 0; set it to 2222. The same
    is found of 1 more pod
  policy: polyaxon
  properties:
    pods: "2"
    role: jobs
  resources:
  - apiVersion: v1
    kind: Pod
    name: run-01
    namespace: polyaxon
    uid: p-01
  - apiVersion: v1
    kind: Pod
    name: run-02
    namespace: polyaxon
    uid: p-02
  result: fail
  rule: run-as-root
  scored: true
  severity: medium
  source: polymoat
  timestamp:
    nanos: 0
    seconds: 0
scope:
  apiVersion: core.polyaxon.com/v1
  kind: Operation
  name: run
  namespace: polyaxon
  uid: u-1
source: polymoat
summary:
  error: 0
  fail: 2
  pass: 0
  skip: 0
  warn: 0
`
	text, err := yaml.Marshal(Of(run(2, root, trespass)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestManyPods: a result names the first ten, and counts all.
func TestManyPods(t *testing.T) {
	for pods, want := range map[int]string{
		1:  "pod/run-01 spec.securityContext.runAsUser is 0; set it to 2222",
		37: "pod/run-01 spec.securityContext.runAsUser is 0; set it to 2222. The same is found of 36 more pods",
	} {
		got := Of(run(pods, root)).Results[0]
		if got.Description != want || got.Properties["pods"] != fmt.Sprint(pods) || len(got.Subjects) != min(pods, 10) {
			t.Errorf("of %d pods %d are named, %s counted: %s", pods, len(got.Subjects), got.Properties["pods"], got.Description)
		}
	}
}

// TestSeverities: every kind of finding about pods has one.
func TestSeverities(t *testing.T) {
	for _, k := range audit.Kinds {
		if severity := severities[k.Kind]; (severity != "") != strings.HasPrefix(string(k.Kind), "pod-") {
			t.Errorf("%s has severity %q", k.Kind, severity)
		}
	}
}

// TestDigest: it tells whether a report has to be written, and times alone are no reason.
func TestDigest(t *testing.T) {
	same := Of(run(2, root))
	Date(same, nil, metav1.Timestamp{Seconds: 5})
	same.ResourceVersion, same.Annotations = "7", map[string]string{"note": "of somebody's"}
	if Digest(same) != Digest(Of(run(2, root))) {
		t.Error("times make a difference")
	}
	for name, other := range map[string]*openreports.Report{
		"another pod":     Of(run(3, root)),
		"another finding": Of(run(2, root, trespass)),
		"a changed text":  changed(same, func(r *openreports.Report) { r.Results[0].Description = "all is well" }),
		"no owner":        changed(same, func(r *openreports.Report) { r.OwnerReferences = nil }),
		"a wrong count":   changed(same, func(r *openreports.Report) { r.Summary.Pass = 1 }),
	} {
		if Digest(other) == Digest(same) {
			t.Errorf("%s makes no difference", name)
		}
	}
}

func changed(r *openreports.Report, change func(*openreports.Report)) *openreports.Report {
	other := r.DeepCopy()
	change(other)
	return other
}

// TestDate: a result that was there keeps its time.
func TestDate(t *testing.T) {
	before := Of(run(2, root))
	Date(before, nil, metav1.Timestamp{Seconds: 5})
	after := Of(run(3, root, trespass))
	Date(after, TimesOf(before), metav1.Timestamp{Seconds: 9})
	for i, want := range []int64{9, 5} {
		if got := after.Results[i].Timestamp.Seconds; got != want {
			t.Errorf("%s is dated %d, want %d", after.Results[i].Category, got, want)
		}
	}
}

// TestChoose: of too many the same are chosen every time, and some of each namespace.
func TestChoose(t *testing.T) {
	workload := func(namespace, name string) Workload {
		return Workload{Namespace: namespace, Owner: metav1.OwnerReference{Kind: "Job", Name: name}}
	}
	for _, all := range [][]Workload{
		{workload("a", "2"), workload("b", "1"), workload("a", "1")},
		{workload("b", "1"), workload("a", "1"), workload("a", "2")},
	} {
		for most, want := range map[int]string{0: "[] 3", 2: "[a/1 b/1] 1", 3: "[a/1 a/2 b/1] 0", 4: "[a/1 a/2 b/1] 0"} {
			chosen, left := Choose(all, most)
			names := []string{}
			for _, w := range chosen {
				names = append(names, w.Namespace+"/"+w.Owner.Name)
			}
			if got := fmt.Sprint(names, left); got != want {
				t.Errorf("%d of 3: %s, want %s", most, got, want)
			}
		}
	}
}

// TestNameOf: whatever somebody wrote into a reference, a report can be called so.
func TestNameOf(t *testing.T) {
	if a, b := nameOf(metav1.OwnerReference{UID: "../x"}), nameOf(metav1.OwnerReference{UID: types.UID(strings.Repeat("x", 9999))}); len(a) != 25 || len(b) != 25 || a == b {
		t.Errorf("%s, %s", a, b)
	}
}
