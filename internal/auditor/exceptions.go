package auditor

import (
	"context"
	"log/slog"
	"time"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// Exceptions says in the log which exceptions of policies end soon or are over.
type Exceptions struct {
	Files []v1alpha1.File
	Log   *slog.Logger
}

// NeedLeaderElection is false: every replica has a log.
func (e *Exceptions) NeedLeaderElection() bool { return false }

// Start says so now, and each day until the context is done.
func (e *Exceptions) Start(ctx context.Context) error {
	for ctx.Err() == nil {
		e.report(v1alpha1.DayOf(time.Now()))
		pause(ctx, 24*time.Hour)
	}
	return nil
}

func (e *Exceptions) report(today v1alpha1.Day) {
	for _, f := range e.Files {
		for _, report := range f.Policy.Spec.Reports(today) {
			e.Log.Warn(report, "policy", f.Policy.Metadata.Name)
		}
	}
}
