package webhook

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/audit"
	"github.com/polymoat/polymoat/internal/cluster"
	"github.com/polymoat/polymoat/internal/landing"
)

// How the replica that audits is elected: one that is gone is followed within half a minute.
const (
	leaseDuration = 30 * time.Second
	renewDeadline = 20 * time.Second
	retryPeriod   = 5 * time.Second
)

// residents are the pods that run, judged one by one as they come.
type residents = cluster.Pods[*audit.Resident]

// auditor watches what runs, in one replica at a time: all see the same.
type auditor struct {
	*audit.Auditor
	namespaces []string
	kubeconfig string
	lease      types.NamespacedName
	nodes      *cluster.Nodes
	workloads  *cluster.Workloads
	reports    *reports // nil where none are written
	places     *places  // nil where no pod is told
	log        *slog.Logger
	pods       atomic.Pointer[residents] // nil where another replica audits
}

func newAuditor(o Options, p *Policies, nodes *cluster.Nodes, workloads *cluster.Workloads, log *slog.Logger) *auditor {
	a := audit.New(p.compiled, p.files)
	a.Core = workloads.Core
	return &auditor{
		Auditor: a, namespaces: p.compiled.Namespaces(),
		kubeconfig: o.Kubeconfig, lease: o.AuditLease, nodes: nodes, workloads: workloads, log: log,
	}
}

// Run stands for election until the context is done.
func (a *auditor) Run(ctx context.Context) error {
	elector, err := a.elector()
	if err != nil {
		return fmt.Errorf("prepare the audit: %w", err)
	}
	for ctx.Err() == nil {
		elector.Run(ctx) // until the lease is lost
	}
	return nil
}

func (a *auditor) elector() (*leaderelection.LeaderElector, error) {
	client, err := cluster.Connect(a.kubeconfig)
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	lock := &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: a.lease.Namespace, Name: a.lease.Name},
		Client:     client.CoordinationV1(),
		LockConfig: resourcelock.ResourceLockConfig{Identity: host + "_" + rand.String(8)},
	}
	return leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: lock, LeaseDuration: leaseDuration, RenewDeadline: renewDeadline, RetryPeriod: retryPeriod, ReleaseOnCancel: true,
		Callbacks: leaderelection.LeaderCallbacks{OnStartedLeading: a.lead, OnStoppedLeading: func() { a.pods.Store(nil) }},
	})
}

// lead watches until the lease is lost.
func (a *auditor) lead(ctx context.Context) {
	pods, err := cluster.NewPods(a.kubeconfig, a.namespaces, a.judge)
	if err != nil {
		a.log.Error("what runs is not audited", "error", err)
		return
	}
	// A pod that names its node is judged by that node, and every pod by the labels that core's workloads select by.
	if !cache.WaitForCacheSync(ctx.Done(), a.nodes.Synced, a.workloads.Synced) {
		return
	}
	a.log.Info("auditing what runs", "lease", a.lease.String())
	a.pods.Store(pods)
	var group sync.WaitGroup
	group.Go(func() { pods.Run(ctx) })
	if a.reports != nil {
		group.Go(func() { a.report(ctx, pods) })
	}
	group.Wait()
	a.pods.Store(nil)
}

// judge is what is kept of a pod; nil for one that no policy looks at.
func (a *auditor) judge(pod *corev1.Pod) *audit.Resident {
	var named *landing.Node
	if node, known := a.nodes.Get(pod.Spec.NodeName); known {
		named = &node
	}
	r := a.Pod(pod, named, v1alpha1.DayOf(time.Now()))
	a.places.tell(pod, r)
	return r
}
