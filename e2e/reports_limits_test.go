package e2e_test

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/audit"
	facts "github.com/polymoat/polymoat/internal/cluster"
	"github.com/polymoat/polymoat/internal/reporter"
)

// limitedName is the namespace of workloads that no server audits.
const limitedName = "limited"

// TestReportsAreLimited: of five workloads with findings three get a report, no more than two in a round. Nothing is written
// when nothing has changed, and all go with the findings.
func TestReportsAreLimited(t *testing.T) {
	create(t, as(t, cluster.Admin), &corev1.Namespace{ObjectMeta: metaNamed(limitedName)})
	found := limitedPods(t, 5)
	reports := watchedReports(t)
	controllers, err := facts.NewControllers(control.Kubeconfig(cluster.Admin))
	if err != nil {
		t.Fatal(err)
	}
	r := reporter.New(reporter.Limits{Reports: 3, Writes: 2}, reports, controllers, reporter.NewMetrics(), slog.New(slog.DiscardHandler))
	round := func(want int, pods []*audit.AuditedPod) map[types.UID]string {
		t.Helper()
		if err := r.Round(t.Context(), func() (iter.Seq2[*audit.AuditedPod, []audit.Finding], bool) { return withFindings(pods), true }); err != nil {
			t.Fatal(err)
		}
		return awaitWritten(t, reports, want)
	}
	round(2, found)
	before := round(3, found)
	for uid, version := range round(3, found) {
		if before[uid] != version {
			t.Errorf("report %s is written again", uid)
		}
	}
	found[4].Ending = true
	round(3, found)
	round(1, nil)
	round(0, nil)
}

// limitedPods are pods of objects of a kind that nobody here knows, with one finding each.
func limitedPods(t *testing.T, n int) []*audit.AuditedPod {
	t.Helper()
	var pods []*audit.AuditedPod
	for i := range n {
		owner := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: limitedName, Name: fmt.Sprintf("owner-%d", i)}}
		create(t, as(t, cluster.Admin), owner)
		name := fmt.Sprintf("pod-%d", i)
		pods = append(pods, &audit.AuditedPod{
			Namespace: limitedName, Name: name, UID: types.UID(name),
			Controller: &metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: owner.Name, UID: owner.UID},
			Findings:   []audit.Finding{{Kind: audit.PodRunsAsRoot, Object: "pod/" + name, Detail: "runs as root", Fix: "do not"}},
		})
	}
	return pods
}

func withFindings(pods []*audit.AuditedPod) iter.Seq2[*audit.AuditedPod, []audit.Finding] {
	return func(yield func(*audit.AuditedPod, []audit.Finding) bool) {
		for _, pod := range pods {
			if !yield(pod, pod.Findings) {
				return
			}
		}
	}
}

// watchedReports are the reports of the namespace, once they have been listed.
func watchedReports(t *testing.T) *facts.Reports {
	t.Helper()
	reports, err := facts.NewReports(control.Kubeconfig(cluster.Admin), []string{limitedName})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { reports.Run(ctx); close(done) }()
	t.Cleanup(func() { stop(); <-done })
	awaitTrue(t, "reports", reports.Synced)
	return reports
}

// awaitWritten waits until so many reports are known, and returns their versions.
func awaitWritten(t *testing.T, reports *facts.Reports, want int) map[types.UID]string {
	t.Helper()
	var versions map[types.UID]string
	if err := control.Await("reports", func(context.Context) error {
		versions = map[types.UID]string{}
		for r := range reports.All() {
			versions[r.UID] = r.ResourceVersion
		}
		if len(versions) != want {
			return fmt.Errorf("there are %d, want %d", len(versions), want)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return versions
}

func awaitTrue(t *testing.T, what string, ready func() bool) {
	t.Helper()
	if err := control.Await(what, func(context.Context) error {
		if !ready() {
			return fmt.Errorf("%s: not yet", what)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
