package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// The server counts what became wrong after it was admitted: the node of a pod is made core's, and lacks its taint.
func TestServerAuditsWhatRuns(t *testing.T) {
	admin, pod := as(t, cluster.Admin), jobPod("turncoat")
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "turncoat", Labels: map[string]string{"polyaxon": "experiments"}}}
	create(t, admin, node)
	pod.Spec.SchedulerName = "nobody"
	create(t, as(t, cluster.Tenant), pod)
	binding := &corev1.Binding{Target: corev1.ObjectReference{Kind: "Node", Name: node.Name}}
	if err := as(t, "system:kube-scheduler").SubResource("binding").Create(t.Context(), pod, binding); err != nil {
		t.Fatal(err)
	}
	awaitMetrics(t, `polymoat_audit_leader 1`, findings("pod-on-protected-node", 0), findings("node-without-taint", 0))
	change := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"polyaxon":"core"}}}`))
	if err := admin.Patch(t.Context(), node, change); err != nil {
		t.Fatal(err)
	}
	awaitMetrics(t, findings("pod-on-protected-node", 1), findings("node-without-taint", 1),
		`polymoat_nodes{policy="polyaxon",pool="core"} 3`, `polymoat_pods{policy="polyaxon",pool="core",role="jobs"} 1`)
}

func findings(kind string, n int) string {
	return fmt.Sprintf(`polymoat_audit_findings{kind=%q,policy="polyaxon"} %d`, kind, n)
}

// awaitMetrics waits until the server tells these lines.
func awaitMetrics(t *testing.T, lines ...string) {
	t.Helper()
	err := control.Await("metrics", func(ctx context.Context) error {
		text, err := control.Installed().Get(ctx, "/metrics")
		if err != nil {
			return err
		}
		for _, line := range lines {
			if !strings.Contains(text, "\n"+line+"\n") {
				return fmt.Errorf("no %s", line)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestLeaseIsMadeAgain: a Lease that somebody deletes, or that a GitOps tool left out, is there again within a minute, and
// so is the audit.
func TestLeaseIsMadeAgain(t *testing.T) {
	admin := as(t, cluster.Admin)
	awaitMetrics(t, `polymoat_audit_leader 1`)
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.System, Name: "polymoat-audit"}}
	if err := admin.Delete(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if err := control.Await("the Lease", func(ctx context.Context) error {
		if err := admin.Get(ctx, client.ObjectKeyFromObject(lease), lease); err != nil {
			return err
		}
		if ptr.Deref(lease.Spec.HolderIdentity, "") == "" {
			return errors.New("nobody holds it")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	awaitMetrics(t, `polymoat_audit_leader 1`)
	if took := time.Since(begun); took > time.Minute {
		t.Errorf("it took %s", took)
	}
}

// TestLeaseIsTakenAway: a replica that loses the Lease goes on answering reviews, ends no process, and audits again when whoever
// took the Lease is gone.
func TestLeaseIsTakenAway(t *testing.T) {
	admin, tenant := as(t, cluster.Admin), as(t, cluster.Tenant)
	awaitMetrics(t, `polymoat_audit_leader 1`)
	began := processStart(t)
	reviewing, enough := context.WithCancel(t.Context())
	var reviews sync.WaitGroup
	var placed int
	reviews.Go(func() {
		for ; reviewing.Err() == nil; placed++ {
			pod := jobPod("")
			pod.GenerateName = "leased-"
			if err := tenant.Create(t.Context(), pod, client.DryRunAll); err != nil || pod.Spec.NodeSelector["polyaxon"] != "experiments" {
				t.Errorf("review %d failed: spec.nodeSelector is %v, %v", placed, pod.Spec.NodeSelector, err)
				return
			}
		}
	})
	defer reviews.Wait()
	defer enough()
	takeLease(t, admin)
	awaitMetrics(t, `polymoat_audit_leader 0`)
	awaitMetrics(t, `polymoat_audit_leader 1`)
	enough()
	reviews.Wait()
	if now := processStart(t); now != began || placed < 100 {
		t.Errorf("the server was started at %v and %v, and placed %d pods", began, now, placed)
	}
}

// takeLease has another one hold the Lease that replicas audit by, who is not heard of again.
func takeLease(t *testing.T, admin client.Client) {
	t.Helper()
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.System, Name: "polymoat-audit"}}
	if err := control.Await("the Lease", func(ctx context.Context) error {
		if err := admin.Get(ctx, client.ObjectKeyFromObject(lease), lease); err != nil {
			return err
		}
		lease.Spec.HolderIdentity, lease.Spec.RenewTime = ptr.To("thief"), ptr.To(metav1.NowMicro())
		return admin.Update(ctx, lease)
	}); err != nil {
		t.Fatal(err)
	}
}

// processStart is when the server's process was started.
func processStart(t *testing.T) float64 {
	t.Helper()
	families, err := scrapeServer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return families["process_start_time_seconds"].GetMetric()[0].GetGauge().GetValue()
}
