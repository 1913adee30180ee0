// Package reporter keeps the Reports of OpenReports as the audit finds the pods: it looks at all pods from time to time,
// and writes what differs. It never writes for an admission.
package reporter

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/polymoat/polymoat/internal/audit"
	"github.com/polymoat/polymoat/internal/cluster"
)

// interval is how long a report may be behind what is found.
const interval = 3 * time.Second

// Limits bound what etcd has to hold and to take, whatever is found.
type Limits struct {
	Reports int // that are there at once
	Writes  int // in one round, every three seconds; namespaces take turns
}

// DefaultLimits are those of a server: a report is 1 to 4 KiB.
var DefaultLimits = Limits{Reports: 1000, Writes: 30}

// Found are the pods that run, and what is found of each; false while not all of them are known.
type Found func() (pods iter.Seq2[*audit.AuditedPod, []audit.Finding], known bool)

// Reporter writes reports.
type Reporter struct {
	limits      Limits
	reports     *cluster.Reports
	controllers *cluster.Controllers
	metrics     *Metrics
	log         *slog.Logger
	told        string // what the log says of whether reports are written
}

// New prepares to write.
func New(limits Limits, reports *cluster.Reports, controllers *cluster.Controllers, m *Metrics, log *slog.Logger) *Reporter {
	return &Reporter{limits: limits, reports: reports, controllers: controllers, metrics: m, log: log}
}

// Run writes what differs every three seconds, until the context is done.
func (r *Reporter) Run(ctx context.Context, found Found) {
	defer r.metrics.rest()
	var watching sync.WaitGroup
	watching.Go(func() { r.reports.Run(ctx) })
	defer watching.Wait()
	wait.UntilWithContext(ctx, func(ctx context.Context) {
		if err := r.Round(ctx, found); err != nil && ctx.Err() == nil {
			r.log.Error("reports are behind", "error", err)
		}
	}, interval)
}

// Round writes what differs now, as much of it as the limits allow.
func (r *Reporter) Round(ctx context.Context, found Found) error {
	if !r.installed() {
		r.metrics.rest()
		return nil
	}
	pods, known := found()
	if !known {
		return nil
	}
	wanted, left, errs := r.wanted(ctx, pods)
	changes := r.changes(wanted, errs)
	var failed []error
	for _, c := range changes[:min(len(changes), r.limits.Writes)] {
		failed = append(failed, r.metrics.counted(c.verb, c.write(ctx)))
	}
	r.metrics.wanted.Set(float64(len(wanted)))
	r.metrics.leftOut.Set(float64(left))
	return errors.Join(append(failed, slices.Collect(maps.Values(errs))...)...)
}

// installed says whether reports can be written, and has the log say so when that changes.
func (r *Reporter) installed() bool {
	switch {
	case r.reports.Absent():
		r.tell("no reports are written: the cluster has no reports.openreports.io")
		return false
	case !r.reports.Synced():
		return false
	}
	r.tell("what the audit finds is written to reports.openreports.io")
	return true
}

func (r *Reporter) tell(text string) {
	if r.told != text {
		r.told = text
		r.log.Info(text)
	}
}
