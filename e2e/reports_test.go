package e2e_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	openreports "github.com/openreports/reports-api/apis/openreports.io/v1alpha1"
	"github.com/openreports/reports-api/pkg/client/clientset/versioned"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// createReportKind gives the cluster the resource of OpenReports, from its own module.
func createReportKind(ctx context.Context) error {
	dir, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/openreports/reports-api").Output()
	if err != nil {
		return fmt.Errorf("find OpenReports: %w", err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "config", "crd", "openreports.io_reports.yaml"))
	if err != nil {
		return err
	}
	objects, err := cluster.Decode(string(text))
	if err != nil {
		return err
	}
	return control.Create(objects...)
}

// TestReports: what becomes wrong with a workload is reported, changes with it, and goes when it is right again, or when
// the workload is deleted, by the garbage collector of Kubernetes.
func TestReports(t *testing.T) {
	admin := as(t, cluster.Admin)
	node := crowdNode("reported", "experiments", 0)
	node.Spec.Unschedulable, node.Labels["for"] = false, "reports"
	create(t, admin, node)
	workload := reportedDeployment()
	create(t, as(t, cluster.Tenant), workload)
	awaitAvailable(t, admin, workload)
	if got := reportsOn(t, workload.UID); len(got) != 0 {
		t.Fatalf("before anything is wrong there is %s", got[0].Name)
	}
	relabel(t, admin, node, "core")
	first := awaitReport(t, workload.UID, 2)
	if diff := cmp.Diff(wantReport(workload), said(first)); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	scale(t, admin, workload, 1)
	changed := awaitReport(t, workload.UID, 1)
	if changed.UID != first.UID || changed.Results[0].Timestamp != first.Results[0].Timestamp {
		t.Errorf("it is another report, or found at another time: %v, %v", changed.Results[0].Timestamp, first.Results[0].Timestamp)
	}
	relabel(t, admin, node, "experiments")
	awaitReport(t, workload.UID, 0)
	relabel(t, admin, node, "core")
	awaitReport(t, workload.UID, 1)
	withoutDelete(t, admin)
	if err := admin.Delete(t.Context(), workload, client.PropagationPolicy("Background")); err != nil {
		t.Fatal(err)
	}
	awaitReport(t, workload.UID, 0)
}

// wantReport is what is said of a Deployment whose two pods run on a node that became core's.
func wantReport(d *appsv1.Deployment) *openreports.Report {
	r := &openreports.Report{Source: "polymoat", Summary: openreports.ReportSummary{Fail: 1}}
	r.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: d.Name, UID: d.UID}}
	r.Scope = &corev1.ObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Namespace: d.Namespace, Name: d.Name, UID: d.UID}
	r.Results = []openreports.ReportResult{{
		Source: "polymoat", Policy: "polyaxon", Category: "pod-on-protected-node", Severity: "critical", Result: "fail", Scored: true,
		Description: `pod/POD runs on node "reported-experiments-0", labelled polyaxon=core, where role "jobs" may not be; have its owner create it again, ` +
			`which polymoat sends elsewhere, or delete it. The same is found of 1 more pod`,
		Properties: map[string]string{"nodePool": "core", "pods": "2", "role": "jobs"},
	}}
	return r
}

// said is what a report says, without what differs from run to run.
func said(r *openreports.Report) *openreports.Report {
	r = r.DeepCopy()
	same := &openreports.Report{Source: r.Source, Scope: r.Scope, Summary: r.Summary, Results: r.Results}
	same.OwnerReferences = r.OwnerReferences
	for i, found := range r.Results {
		if len(found.Subjects) > 0 {
			same.Results[i].Description = strings.ReplaceAll(found.Description, found.Subjects[0].Name, "POD")
		}
		same.Results[i].Subjects, same.Results[i].Timestamp = nil, metav1.Timestamp{}
	}
	return same
}

// awaitReport waits until a workload has one report, which speaks of so many pods; of none: until it has none.
func awaitReport(t *testing.T, uid types.UID, pods int) *openreports.Report {
	t.Helper()
	var found *openreports.Report
	if err := control.Await("report", func(context.Context) error {
		reports := reportsOn(t, uid)
		switch {
		case pods == 0 && len(reports) == 0:
			return nil
		case pods == 0 || len(reports) != 1:
			return fmt.Errorf("there are %d reports", len(reports))
		}
		found = &reports[0]
		if got := found.Results[0].Properties["pods"]; got != fmt.Sprint(pods) || len(found.Results[0].Subjects) != pods {
			return fmt.Errorf("it speaks of %s pods", got)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

// reportsOn are polymoat's reports about an object in the namespace polyaxon.
func reportsOn(t *testing.T, uid types.UID) []openreports.Report {
	t.Helper()
	api, err := versioned.NewForConfig(control.As(cluster.Admin))
	if err != nil {
		t.Fatal(err)
	}
	list, err := api.OpenreportsV1alpha1().Reports(cluster.Namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/managed-by=polymoat"})
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(list.Items, func(r openreports.Report) bool { return r.Scope == nil || r.Scope.UID != uid })
}

// reportedDeployment has two pods of role jobs on the node that is for reports.
func reportedDeployment() *appsv1.Deployment {
	pod := jobPod("")
	pod.Spec.NodeSelector = map[string]string{"for": "reports"}
	d := &appsv1.Deployment{}
	d.Name, d.Namespace = "reported", cluster.Namespace
	d.Spec.Replicas, d.Spec.Selector = ptr.To[int32](2), &metav1.LabelSelector{MatchLabels: pod.Labels}
	d.Spec.Template.Labels, d.Spec.Template.Spec = pod.Labels, pod.Spec
	return d
}

func awaitAvailable(t *testing.T, admin client.Client, d *appsv1.Deployment) {
	t.Helper()
	if err := control.Await("the Deployment", func(ctx context.Context) error {
		if err := admin.Get(ctx, client.ObjectKeyFromObject(d), d); err != nil {
			return err
		}
		if got := d.Status.AvailableReplicas; got != *d.Spec.Replicas {
			return fmt.Errorf("%d pods are available", got)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// relabel sends a node to another pool.
func relabel(t *testing.T, admin client.Client, node *corev1.Node, pool string) {
	t.Helper()
	change := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"polyaxon":"`+pool+`"}}}`))
	if err := admin.Patch(t.Context(), node, change); err != nil {
		t.Fatal(err)
	}
}

func scale(t *testing.T, admin client.Client, d *appsv1.Deployment, replicas int) {
	t.Helper()
	change := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, replicas))
	if err := admin.Patch(t.Context(), d, change); err != nil {
		t.Fatal(err)
	}
}

// withoutDelete takes the right to delete reports from the server until the test ends.
func withoutDelete(t *testing.T, admin client.Client) {
	t.Helper()
	role := &rbacv1.ClusterRole{}
	if err := admin.Get(t.Context(), client.ObjectKey{Name: "polymoat-governed"}, role); err != nil {
		t.Fatal(err)
	}
	all := role.DeepCopy()
	i := slices.IndexFunc(role.Rules, func(r rbacv1.PolicyRule) bool { return slices.Contains(r.APIGroups, openreports.GroupName) })
	role.Rules[i].Verbs = slices.DeleteFunc(role.Rules[i].Verbs, func(verb string) bool { return verb == "delete" })
	if err := admin.Update(t.Context(), role); err != nil {
		t.Fatal(err)
	}
	all.ResourceVersion = role.ResourceVersion
	t.Cleanup(func() {
		if err := admin.Patch(context.WithoutCancel(t.Context()), all, client.MergeFrom(role)); err != nil {
			t.Error(err)
		}
	})
}
