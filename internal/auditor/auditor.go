package auditor

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/audit"
	"github.com/polymoat/polymoat/internal/cluster"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/reporter"
)

// Options say what is audited, by what, and who is told.
type Options struct {
	Client      kubernetes.Interface
	Kubeconfig  string               // of the watches of pods and reports; empty in a pod: its service account is used then
	Lease       types.NamespacedName // by which the replicas agree who audits
	Policy      *policy.Policy
	Files       []v1alpha1.File // of which Policy was compiled
	Nodes       *cluster.Nodes
	Workloads   *cluster.Workloads
	Controllers *cluster.Controllers // which reports are about; nil where none are written
	Events      *Events              // nil where none are made of pods in core's place
	Log         *slog.Logger
}

// times say how the replica that audits is elected, and how soon the audit notices something.
type times struct {
	lease, renew, retry time.Duration // of the election
	look                time.Duration // from one look to the next at whether pods must be judged again
	blind               time.Duration // without seeing the pods, after which the lease is given up
}

// defaultTimes have a replica that is gone followed within half a minute, and all be right within a minute.
var defaultTimes = times{lease: 30 * time.Second, renew: 20 * time.Second, retry: 5 * time.Second, look: 15 * time.Second, blind: 30 * time.Second}

// Auditor watches what runs, in one replica at a time: all see the same.
type Auditor struct {
	Options
	audit   *audit.Auditor
	reports *reporter.Metrics
	today   func() v1alpha1.Day
	times   times
	leading sync.Mutex                  // a term ends before the next one begins
	pods    atomic.Pointer[auditedPods] // nil where another replica audits
}

// New prepares to audit.
func New(o Options) *Auditor {
	a := &Auditor{
		Options: o, audit: audit.New(o.Policy, o.Files), reports: reporter.NewMetrics(),
		today: func() v1alpha1.Day { return v1alpha1.DayOf(time.Now()) }, times: defaultTimes,
	}
	a.audit.Core = o.Workloads.Core
	return a
}

// NeedLeaderElection is false: the manager would end the process with the lease.
func (a *Auditor) NeedLeaderElection() bool { return false }

// Start takes part in the election until the context is done. After a term in which it saw no pods it leaves the lease to
// others for as long as a lease lasts.
func (a *Auditor) Start(ctx context.Context) error {
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("prepare the audit: %w", err)
	}
	lock := &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: a.Lease.Namespace, Name: a.Lease.Name},
		Client:     a.Client.CoordinationV1(),
		LockConfig: resourcelock.ResourceLockConfig{Identity: host + "_" + rand.String(8)},
	}
	for ctx.Err() == nil {
		if err := a.runTerm(ctx, lock); err != nil {
			return fmt.Errorf("prepare the audit: %w", err)
		}
	}
	return nil
}

// runTerm waits to be elected, and audits until the lease is lost or given up.
func (a *Auditor) runTerm(ctx context.Context, lock resourcelock.Interface) error {
	term, giveUp := context.WithCancel(ctx)
	defer giveUp()
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: lock, LeaseDuration: a.times.lease, RenewDeadline: a.times.renew, RetryPeriod: a.times.retry, ReleaseOnCancel: true,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(ctx context.Context) {
				if a.lead(ctx); ctx.Err() == nil {
					giveUp()
				}
			},
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return err
	}
	elector.Run(term)
	a.leading.Lock() // the elector does not wait for what it started
	defer a.leading.Unlock()
	if term.Err() != nil {
		pause(ctx, a.times.lease)
	}
	return nil
}

// pause waits, or until the context is done.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// lead audits until the lease is lost, or until this replica has seen no pods for too long. Whenever they must be judged
// again it watches them anew, and tells what it saw before until it has seen all.
func (a *Auditor) lead(ctx context.Context) {
	a.leading.Lock()
	defer a.leading.Unlock()
	if ctx.Err() != nil {
		return
	}
	a.Log.Info("auditing what runs", "lease", a.Lease.String())
	ctx, stop := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer stop()
	defer a.pods.Store(nil)
	if a.Controllers != nil {
		group.Go(func() { a.report(ctx) })
	}
	end := func() {} // the watch before
	for {
		pods, endThis, seen := a.watch(ctx, &group)
		if !seen {
			break
		}
		a.pods.Store(pods)
		end()
		end = endThis
		if !a.outdated(ctx, pods) {
			break
		}
	}
	if ctx.Err() == nil {
		a.Log.Error("pods are not seen, and the lease is given up", "lease", a.Lease.String())
	}
}

// watch begins to watch pods, and says whether it has seen all of them in time. A pod that names its node is judged by that
// node, and every pod by the labels that core's workloads select by: those are seen first.
func (a *Auditor) watch(ctx context.Context, group *sync.WaitGroup) (pods *auditedPods, end context.CancelFunc, seen bool) {
	inTime, cancel := context.WithTimeout(ctx, a.times.blind)
	defer cancel()
	watching, end := context.WithCancel(ctx)
	if !cache.WaitForCacheSync(inTime.Done(), a.Nodes.Synced, a.Workloads.Synced) {
		return nil, end, false
	}
	pods, err := newAuditedPods(a)
	if err != nil {
		a.Log.Error("what runs is not audited", "error", err)
		return nil, end, false
	}
	group.Go(func() { pods.Run(watching) })
	return pods, end, cache.WaitForCacheSync(inTime.Done(), pods.Synced)
}

// outdated waits until pods must be judged again. It is false when there is no use in it: the context is done, or pods
// have not been seen for too long.
func (a *Auditor) outdated(ctx context.Context, pods *auditedPods) bool {
	for {
		pause(ctx, a.times.look)
		switch {
		case ctx.Err() != nil || pods.Unseen() > a.times.blind:
			return false
		case pods.outdated():
			return true
		}
	}
}

// report writes what is found of pods until the lease is lost.
func (a *Auditor) report(ctx context.Context) {
	written, err := cluster.NewReports(a.Kubeconfig, a.Policy.Namespaces())
	if err != nil {
		a.Log.Error("no reports are written", "error", err)
		return
	}
	reporter.New(reporter.DefaultLimits, written, a.Controllers, a.reports, a.Log).Run(ctx, a.found)
}
