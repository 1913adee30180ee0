package webhook

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// How many refusals of one namespace a webhook logs: a controller tries again and again, and metrics and the audit log miss none.
const (
	refusalsPerSecond = 10
	refusalsAtOnce    = 100
)

// refusals logs who was refused what, one line each, and never what the pod holds.
type refusals struct {
	log        *slog.Logger
	suppressed prometheus.Counter
	budgets    sync.Map // of *logBudget, by namespace: only governed ones have refusals
}

// logBudget is how much of the log one namespace may fill: others have their own.
type logBudget struct {
	limiter *rate.Limiter
	since   atomic.Int64 // lines suppressed since the last one
}

func newRefusals(m *metrics, log *slog.Logger) *refusals {
	return &refusals{log: log, suppressed: m.suppressed}
}

func (l *refusals) budget(namespace string) *logBudget {
	budget, known := l.budgets.Load(namespace)
	if !known {
		budget, _ = l.budgets.LoadOrStore(namespace, &logBudget{limiter: rate.NewLimiter(refusalsPerSecond, refusalsAtOnce)})
	}
	return budget.(*logBudget)
}

// tell logs the outcome if it refuses, and if there is room for one more line.
func (l *refusals) tell(ctx context.Context, req *request, out outcome) {
	if out.response.Allowed {
		return
	}
	budget := l.budget(req.Namespace)
	if !budget.limiter.Allow() {
		l.suppressed.Inc()
		budget.since.Add(1)
		return
	}
	attributes := []slog.Attr{
		slog.String("uid", string(req.UID)),
		slog.String("user", req.UserInfo.Username),
		slog.String("namespace", req.Namespace),
		slog.String("name", req.objectName()),
		slog.String("operation", string(req.Operation)),
		slog.String("resource", req.resource()),
		slog.String("policy", out.decision.Policy),
		slog.String("role", out.decision.Role),
		slog.Any("rules", refusedBy(out.decision)),
		slog.Int("invalid", len(out.decision.Invalid)),
		slog.Bool("dryRun", req.dryRun()),
	}
	if node := out.decision.Witness(); node != nil {
		attributes = append(attributes, slog.String("witness", polyaxon.Clip(node.String())))
	}
	if n := budget.since.Swap(0); n > 0 {
		attributes = append(attributes, slog.Int64("suppressed", n))
	}
	l.log.LogAttrs(ctx, slog.LevelInfo, "refused", attributes...)
}

// refusedBy are the rules that refuse, each once.
func refusedBy(d policy.Decision) []string {
	var ids []string
	for _, use := range d.Rules() {
		if use.Mode == v1alpha1.Enforce {
			ids = append(ids, use.Rule)
		}
	}
	return ids
}
