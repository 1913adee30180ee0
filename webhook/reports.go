package webhook

import (
	"context"
	"iter"

	"github.com/polymoat/polymoat/internal/audit"
	"github.com/polymoat/polymoat/internal/cluster"
	"github.com/polymoat/polymoat/internal/reporter"
)

// reports is what it takes to write them, whenever this replica audits.
type reports struct {
	controllers *cluster.Controllers
	metrics     *reporter.Metrics
}

// report writes what is found of pods until the lease is lost.
func (a *auditor) report(ctx context.Context) {
	written, err := cluster.NewReports(a.kubeconfig, a.namespaces)
	if err != nil {
		a.log.Error("no reports are written", "error", err)
		return
	}
	r := reporter.New(reporter.DefaultLimits, written, a.reports.controllers, a.reports.metrics, a.log)
	r.Run(ctx, func() (iter.Seq2[*audit.Resident, []audit.Finding], bool) {
		pods := a.pods.Load()
		return a.found(pods), pods != nil
	})
}

// found is what is found of each pod.
func (a *auditor) found(pods *residents) iter.Seq2[*audit.Resident, []audit.Finding] {
	return func(yield func(*audit.Resident, []audit.Finding) bool) {
		for r, node := range a.housed(pods) {
			if !yield(r, r.On(node)) {
				return
			}
		}
	}
}
