package auditor

import (
	"context"
	"log/slog"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// WarnOfExceptions says in the log which exceptions of policies end soon or are over: now, and each day until the context is
// done.
func WarnOfExceptions(ctx context.Context, files []v1alpha1.File, log *slog.Logger) {
	wait.UntilWithContext(ctx, func(context.Context) { warnOfExceptions(files, v1alpha1.DayOf(time.Now()), log) }, 24*time.Hour)
}

func warnOfExceptions(files []v1alpha1.File, today v1alpha1.Day, log *slog.Logger) {
	for _, f := range files {
		for _, report := range f.Policy.Spec.Reports(today) {
			log.Warn(report, "policy", f.Policy.Metadata.Name)
		}
	}
}
