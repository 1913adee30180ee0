// Package report writes what the audit found of a workload as a Report of OpenReports, which dashboards and kubectl show
// beside the workload itself. It has one result for each kind of finding, however many pods share it: there are never
// more reports, or results, than findings.
//
// Findings about nodes are in no report: whoever may label a node reads the metrics, or kubectl polymoat audit, and the
// server would need a right to write where no namespace bounds it.
package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	openreports "github.com/openreports/reports-api/apis/openreports.io/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/polymoat/polymoat/internal/audit"
)

// The label that every report carries, and the source that it names.
const (
	ManagedBy = "app.kubernetes.io/managed-by"
	Source    = "polymoat"
)

// mostNamed is how many pods a result names: a reader goes to the workload after the first few.
const mostNamed = 10

// Workload is what pods were made of, or a pod that nobody made, with the pods of which something is found.
type Workload struct {
	Namespace string
	Owner     metav1.OwnerReference
	Pods      []Pod
}

// Pod is a pod, and what is found of it.
type Pod struct {
	Name     string
	UID      types.UID
	Findings []audit.Finding
}

// Of is the report on a workload. It goes with the workload, whose garbage it is. Its results have no time yet.
func Of(w Workload) *openreports.Report {
	r := &openreports.Report{
		TypeMeta: metav1.TypeMeta{APIVersion: openreports.SchemeGroupVersion.String(), Kind: "Report"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: w.Namespace, Name: nameOf(w.Owner),
			Labels:          map[string]string{ManagedBy: Source},
			OwnerReferences: []metav1.OwnerReference{w.Owner},
		},
		Source: Source,
		Scope: &corev1.ObjectReference{
			APIVersion: w.Owner.APIVersion, Kind: w.Owner.Kind, Namespace: w.Namespace, Name: w.Owner.Name, UID: w.Owner.UID,
		},
		Results: results(w),
	}
	r.Summary.Fail = len(r.Results)
	return r
}

// nameOf is the name of the report on an owner. Names and even UIDs of owners are what somebody wrote into a reference:
// some are too long, or no part of a name.
func nameOf(owner metav1.OwnerReference) string {
	sum := sha256.Sum256([]byte(owner.UID))
	return "polymoat-" + hex.EncodeToString(sum[:8])
}

// result is what a finding is about: of those that agree in all of it, one is told.
type result struct {
	policy string
	kind   audit.Kind
	rule   string
}

// results are the findings, each kind once, in the order of audit.Kinds.
func results(w Workload) []openreports.ReportResult {
	first, pods := map[result]audit.Finding{}, map[result][]Pod{}
	for _, pod := range slices.SortedFunc(slices.Values(w.Pods), byName) {
		for _, f := range pod.Findings {
			key := result{f.Policy, f.Kind, f.Rule}
			if len(pods[key]) == 0 {
				first[key] = f
			}
			pods[key] = append(pods[key], pod)
		}
	}
	var list []openreports.ReportResult
	for _, key := range slices.SortedFunc(maps.Keys(first), inOrder) {
		list = append(list, resultOf(w.Namespace, first[key], pods[key]))
	}
	return list
}

// resultOf tells a finding that some pods share, in the words of the first of them.
func resultOf(namespace string, f audit.Finding, pods []Pod) openreports.ReportResult {
	r := openreports.ReportResult{
		Source: Source, Policy: f.Policy, Rule: f.Rule, Category: string(f.Kind), Severity: severities[f.Kind],
		Result: "fail", Scored: true, Description: fmt.Sprintf("%s %s; %s", f.Object, f.Detail, f.Fix),
		Properties: map[string]string{"pods": strconv.Itoa(len(pods)), "role": f.Role},
	}
	if f.NodePool != "" {
		r.Properties["nodePool"] = f.NodePool
	}
	switch more := len(pods) - 1; more {
	case 0:
	case 1:
		r.Description += ". The same is found of 1 more pod"
	default:
		r.Description += fmt.Sprintf(". The same is found of %d more pods", more)
	}
	for _, pod := range pods[:min(len(pods), mostNamed)] {
		r.Subjects = append(r.Subjects, corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: namespace, Name: pod.Name, UID: pod.UID})
	}
	return r
}

// Digest is equal for reports that say the same of the same, whenever it was found.
func Digest(r *openreports.Report) string {
	said := openreports.Report{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{ManagedBy: r.Labels[ManagedBy]}, OwnerReferences: r.OwnerReferences},
		Source:     r.Source, Scope: r.Scope, Summary: r.Summary, Results: slices.Clone(r.Results),
	}
	for i := range said.Results {
		said.Results[i].Timestamp = metav1.Timestamp{}
	}
	text, err := json.Marshal(said)
	if err != nil {
		return "" // none of the types fails
	}
	sum := sha256.Sum256(text)
	return string(sum[:])
}

// Times are when the results of a report were found, by what they are about.
type Times map[result]metav1.Timestamp

// TimesOf reads them from a report.
func TimesOf(r *openreports.Report) Times {
	times := Times{}
	for _, found := range r.Results {
		times[about(found)] = found.Timestamp
	}
	return times
}

// Date gives each result the time at which it was found: for those that were there before, the one that they had.
func Date(r *openreports.Report, before Times, now metav1.Timestamp) {
	for i, found := range r.Results {
		since, known := before[about(found)]
		if !known {
			since = now
		}
		r.Results[i].Timestamp = since
	}
}

func about(r openreports.ReportResult) result {
	return result{r.Policy, audit.Kind(r.Category), r.Rule}
}
