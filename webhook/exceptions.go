package webhook

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// exceptionEnds is when each exception of the policies is over. Names come from the policy: a user cannot make series.
func exceptionEnds(files []v1alpha1.File) prometheus.Collector {
	ends := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "polymoat_exception_end_timestamp_seconds",
		Help: "When an exception of the policy is over, in seconds since 1970-01-01 UTC. What it lets through is refused from then on.",
	}, []string{"policy", "exception"})
	for _, f := range files {
		for _, e := range f.Policy.Spec.Exceptions {
			ends.WithLabelValues(f.Policy.Metadata.Name, e.Name).Set(float64(e.Ends().Unix()))
		}
	}
	return ends
}

// reportExceptions says in the log which exceptions end soon or are over: now, and each day until the context is done.
func reportExceptions(ctx context.Context, files []v1alpha1.File, log *slog.Logger) {
	daily := time.NewTicker(24 * time.Hour)
	defer daily.Stop()
	for {
		reportExceptionsOn(v1alpha1.DayOf(time.Now()), files, log)
		select {
		case <-ctx.Done():
			return
		case <-daily.C:
		}
	}
}

func reportExceptionsOn(today v1alpha1.Day, files []v1alpha1.File, log *slog.Logger) {
	for _, f := range files {
		for _, report := range f.Policy.Spec.Reports(today) {
			log.Warn(report, "policy", f.Policy.Metadata.Name)
		}
	}
}
