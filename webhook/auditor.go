package webhook

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
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/audit"
	"github.com/polymoat/polymoat/internal/cluster"
)

// How the replica that audits is elected: one that is gone is followed within half a minute.
const (
	leaseDuration = 30 * time.Second
	renewDeadline = 20 * time.Second
	retryPeriod   = 5 * time.Second
)

// times say how soon the audit notices something.
type times struct {
	look  time.Duration // from one look to the next at whether pods must be judged again
	blind time.Duration // without seeing the pods, after which the lease is given up
	rest  time.Duration // after that, before this replica stands for election again
}

// auditTimes has all be right within a minute: another replica takes a lease that was given up within retryPeriod.
var auditTimes = times{look: 15 * time.Second, blind: 30 * time.Second, rest: leaseDuration}

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
	today      func() v1alpha1.Day
	times      times
	leading    chan struct{}             // has room for one: a term ends before the next one begins
	pods       atomic.Pointer[residents] // nil where another replica audits
}

func newAuditor(o Options, p *Policies, nodes *cluster.Nodes, workloads *cluster.Workloads, log *slog.Logger) *auditor {
	a := audit.New(p.compiled, p.files)
	a.Core = workloads.Core
	return &auditor{
		Auditor: a, namespaces: p.compiled.Namespaces(), kubeconfig: o.Kubeconfig, lease: o.AuditLease,
		nodes: nodes, workloads: workloads, log: log, today: utcToday, times: auditTimes,
		leading: make(chan struct{}, 1),
	}
}

// Run stands for election until the context is done. After a term in which it saw no pods it leaves the lease to others for
// a while.
func (a *auditor) Run(ctx context.Context) error {
	lock, err := a.lock()
	if err != nil {
		return fmt.Errorf("prepare the audit: %w", err)
	}
	for ctx.Err() == nil {
		term, giveUp := context.WithCancel(ctx)
		elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
			Lock: lock, LeaseDuration: leaseDuration, RenewDeadline: renewDeadline, RetryPeriod: retryPeriod, ReleaseOnCancel: true,
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
			giveUp()
			return fmt.Errorf("prepare the audit: %w", err)
		}
		elector.Run(term)       // until the lease is lost, or given up
		a.leading <- struct{}{} // the elector does not wait for what it started
		<-a.leading
		if term.Err() != nil {
			pause(ctx, a.times.rest)
		}
		giveUp()
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

func (a *auditor) lock() (resourcelock.Interface, error) {
	client, err := cluster.Connect(a.kubeconfig)
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	return &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: a.lease.Namespace, Name: a.lease.Name},
		Client:     client.CoordinationV1(),
		LockConfig: resourcelock.ResourceLockConfig{Identity: host + "_" + rand.String(8)},
	}, nil
}

// lead audits until the lease is lost, or until this replica has seen no pods for too long. Whenever they must be judged
// again it watches them anew, and tells what it saw before until it has seen all.
func (a *auditor) lead(ctx context.Context) {
	a.leading <- struct{}{}
	defer func() { <-a.leading }()
	if ctx.Err() != nil {
		return
	}
	a.log.Info("auditing what runs", "lease", a.lease.String())
	ctx, stop := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer stop()
	defer a.pods.Store(nil)
	if a.reports != nil {
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
		a.log.Error("pods are not seen, and the lease is given up", "lease", a.lease.String())
	}
}

// watch begins to watch pods, and says whether it has seen all of them in time. A pod that names its node is judged by that
// node, and every pod by the labels that core's workloads select by: those are seen first.
func (a *auditor) watch(ctx context.Context, group *sync.WaitGroup) (pods *residents, end context.CancelFunc, seen bool) {
	inTime, cancel := context.WithTimeout(ctx, a.times.blind)
	defer cancel()
	watching, end := context.WithCancel(ctx)
	if !cache.WaitForCacheSync(inTime.Done(), a.nodes.Synced, a.workloads.Synced) {
		return nil, end, false
	}
	pods, err := newResidents(a)
	if err != nil {
		a.log.Error("what runs is not audited", "error", err)
		return nil, end, false
	}
	group.Go(func() { pods.Run(watching) })
	return pods, end, cache.WaitForCacheSync(inTime.Done(), pods.Synced)
}

// outdated waits until pods must be judged again. It is false when there is no use in it: the context is done, or pods
// have not been seen for too long.
func (a *auditor) outdated(ctx context.Context, pods *residents) bool {
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
