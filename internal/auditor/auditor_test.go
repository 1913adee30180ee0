package auditor

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/audit"
	"github.com/polymoat/polymoat/internal/cluster"
	"github.com/polymoat/polymoat/internal/policy"
)

var (
	_ manager.Runnable               = (*Auditor)(nil)
	_ manager.LeaderElectionRunnable = (*Auditor)(nil)
	_ manager.Runnable               = (*Events)(nil)
	_ manager.LeaderElectionRunnable = (*Events)(nil)
)

// newTestAuditor audits a cluster by the built-in policy, with an exception that lets jobs run as root until the second
// day of 2027, and with services on core's nodes. Its nodes are watched.
func newTestAuditor(t *testing.T, kubeconfig string, today func() v1alpha1.Day) *Auditor {
	t.Helper()
	doc := v1alpha1.Default()
	doc.Spec.Exceptions = []v1alpha1.Exception{{
		Name: "root", Namespaces: []string{"polyaxon"}, Roles: []string{"jobs"}, Rules: []string{"run-as-root", "run-as-root-group", "pod-security"},
		Owner: "jane@example.com", Reason: "images are rebuilt", Expires: "2027-01-02",
	}}
	services := slices.IndexFunc(doc.Spec.Roles, func(r v1alpha1.Role) bool { return r.Name == "services" })
	doc.Spec.Roles[services].NodePools = []string{"core"}
	compiled, err := policy.New(doc)
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := cluster.NewNodes(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	workloads, err := cluster.NewWorkloads(kubeconfig, compiled)
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() { nodes.Run(t.Context()) })
	running.Go(func() { workloads.Run(t.Context()) })
	t.Cleanup(running.Wait) // its context is done by then
	client, err := cluster.Connect(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	a := New(Options{
		Client: client, Kubeconfig: kubeconfig, Lease: types.NamespacedName{Namespace: "polymoat-system", Name: "polymoat-audit"},
		Policy: compiled, Files: []v1alpha1.File{{Name: "policy.yaml", Policy: doc}}, Nodes: nodes, Workloads: workloads, Log: slog.New(slog.DiscardHandler),
	})
	if today != nil {
		a.today = today
	}
	a.times = times{
		lease: 300 * time.Millisecond, renew: 200 * time.Millisecond, retry: 50 * time.Millisecond,
		look: 20 * time.Millisecond, blind: time.Minute,
	}
	return a
}

// auditedJob is the pod of a job as polymoat places it.
func auditedJob(name, node string) corev1.Pod {
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "polyaxon", Name: name, ResourceVersion: "1", Labels: map[string]string{
			"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-jobs",
		}},
		Spec: corev1.PodSpec{
			NodeName: node, NodeSelector: map[string]string{"polyaxon": "experiments"},
			SecurityContext: &corev1.PodSecurityContext{RunAsUser: ptr.To[int64](2222)},
			Containers:      []corev1.Container{{Name: "main", Image: "busybox"}},
		},
	}
}

// namedItsNode is such a pod that asked for its node itself, and for no pool.
func namedItsNode(name, node string) corev1.Pod {
	pod := auditedJob(name, node)
	pod.Spec.NodeSelector = nil
	pod.ManagedFields = []metav1.ManagedFieldsEntry{{FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:nodeName":{}}}`)}}
	return pod
}

// counts are the findings of a kind, and -1 where this replica does not audit.
func (a *Auditor) counts(t *testing.T, kind audit.Kind) int {
	t.Helper()
	g := a.count()
	if value(t, g.leader) == 0 {
		return -1
	}
	return int(value(t, g.findings.WithLabelValues("polyaxon", string(kind))))
}

func day(text string) v1alpha1.Day { return v1alpha1.Exception{Expires: text}.LastDay() }

// lead has the auditor lead until the test ends.
func lead(t *testing.T, a *Auditor) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); a.lead(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
}

// TestJudgedAgainWhenAnExceptionEnds: a quiet pod is a finding from the day on which nothing excuses it any more.
func TestJudgedAgainWhenAnExceptionEnds(t *testing.T) {
	c, kubeconfig := newAuditedCluster(t)
	c.put("experiments-1", "experiments")
	root := auditedJob("root", "experiments-1")
	root.Spec.SecurityContext.RunAsUser = ptr.To[int64](0)
	c.pods = []corev1.Pod{root}
	var today atomic.Int64
	today.Store(int64(day("2027-01-02")))
	a := newTestAuditor(t, kubeconfig, func() v1alpha1.Day { return v1alpha1.Day(today.Load()) })
	lead(t, a)
	eventually(t, "no finding", func() bool { return a.counts(t, audit.PodRunsAsRoot) == 0 })
	today.Add(1)
	eventually(t, "a finding", func() bool { return a.counts(t, audit.PodRunsAsRoot) == 1 })
}

// TestJudgedAgainWhenANodeChanges: a quiet pod that named its node itself is judged by that node as it is now, and by one that
// comes later. What nothing names is no reason to read all pods again.
func TestJudgedAgainWhenANodeChanges(t *testing.T) {
	c, kubeconfig := newAuditedCluster(t)
	c.put("experiments-1", "experiments")
	c.pods = []corev1.Pod{namedItsNode("named", "experiments-1"), auditedJob("bound", "experiments-2")}
	a := newTestAuditor(t, kubeconfig, nil)
	lead(t, a)
	eventually(t, "no finding", func() bool { return a.counts(t, audit.PodMayReach) == 0 })
	c.put("experiments-1", "core")
	eventually(t, "a finding", func() bool { return a.counts(t, audit.PodMayReach) == 1 })
	c.put("experiments-1", "experiments")
	eventually(t, "no finding again", func() bool { return a.counts(t, audit.PodMayReach) == 0 })
	lists := c.listed()
	c.put("experiments-2", "core")
	eventually(t, "the pod on a core node", func() bool { return a.counts(t, audit.PodOnProtectedNode) == 1 })
	time.Sleep(200 * time.Millisecond)
	if more := c.listed() - lists; more > 0 {
		t.Errorf("pods were listed %d times for a node that none of them names", more)
	}
}

// TestBesideCore: the server counts and reports a pod that may run beside core, and that core outranks.
func TestBesideCore(t *testing.T) {
	c, kubeconfig := newAuditedCluster(t)
	c.put("core-1", "core")
	api, service := auditedJob("api-x7k2p", "core-1"), auditedJob("board", "core-1")
	api.Labels = map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"}
	api.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "api", UID: "1", Controller: ptr.To(true)}}
	api.Spec.Priority = ptr.To[int32](1000)
	service.Labels["app.kubernetes.io/component"] = "polyaxon-services"
	c.pods, c.core = []corev1.Pod{api, service}, true
	a := newTestAuditor(t, kubeconfig, nil)
	lead(t, a)
	eventually(t, "a finding", func() bool { return a.counts(t, audit.PodBelowCore) == 1 })
	reported, _ := a.found()
	for r, found := range reported {
		if below := slices.ContainsFunc(found, func(f audit.Finding) bool { return f.Kind == audit.PodBelowCore }); below != (r.Name == "board") {
			t.Errorf("of %s is reported: %v", r.Name, found)
		}
	}
}

// TestReelected: the end of a term does not hide what the next one sees.
func TestReelected(t *testing.T) {
	c, kubeconfig := newAuditedCluster(t)
	c.put("experiments-1", "experiments")
	a := newTestAuditor(t, kubeconfig, nil)
	first, lose := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); a.lead(first) }()
	eventually(t, "the first term", func() bool { return a.counts(t, audit.PodMayReach) == 0 })
	lead(t, a)
	time.Sleep(100 * time.Millisecond)
	lose()
	<-ended
	eventually(t, "the second term", func() bool { return a.counts(t, audit.PodMayReach) == 0 })
	time.Sleep(100 * time.Millisecond)
	if a.counts(t, audit.PodMayReach) != 0 {
		t.Error("the end of the first term ended the second one")
	}
}

// TestLeaseIsTakenAway: a replica that loses the Lease ends its audit and nothing else, and audits again once it is free.
func TestLeaseIsTakenAway(t *testing.T) {
	c, kubeconfig := newAuditedCluster(t)
	c.put("experiments-1", "experiments")
	a := newTestAuditor(t, kubeconfig, nil)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Start(ctx) }()
	eventually(t, "an audit", func() bool { return a.counts(t, audit.PodMayReach) == 0 })
	c.steal()
	eventually(t, "the end of the audit", func() bool { return a.counts(t, audit.PodMayReach) == -1 })
	if len(ended) > 0 || c.holder() != "thief" {
		t.Fatalf("it takes part in no election any more, or took the Lease back: %s holds it", c.holder())
	}
	eventually(t, "an audit again", func() bool { return a.counts(t, audit.PodMayReach) == 0 })
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestGivesTheLeaseUp: a replica that may not list pods leaves the Lease to another one, and the log says why.
func TestGivesTheLeaseUp(t *testing.T) {
	c, kubeconfig := newAuditedCluster(t)
	c.put("experiments-1", "experiments")
	c.hide(true)
	var logged bytes.Buffer
	a := newTestAuditor(t, kubeconfig, nil)
	a.times.blind = 300 * time.Millisecond
	a.Log = slog.New(slog.NewTextHandler(&logged, nil))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Start(ctx) }()
	eventually(t, "an election", func() bool { return c.holder() != "" })
	eventually(t, "that it is given up", func() bool { return c.holder() == "" })
	c.hide(false)
	eventually(t, "another election", func() bool { return a.counts(t, audit.PodMayReach) == 0 })
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if want := `level=ERROR msg="pods are not seen, and the lease is given up" lease=polymoat-system/polymoat-audit`; !strings.Contains(logged.String(), want) {
		t.Errorf("the log does not say %s:\n%s", want, &logged)
	}
}
