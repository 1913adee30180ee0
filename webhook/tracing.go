package webhook

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"

	"github.com/polymoat/polymoat/internal/auditannotations"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/tracing"
	"github.com/polymoat/polymoat/webhook/serve"
)

// traced has each decision made within a span, which says what was decided.
func traced(t *tracing.Tracer, decide decides) decides {
	if t == nil {
		return decide
	}
	return func(ctx context.Context, r *request) (outcome, *serve.Fault) {
		ctx, span := t.Start(ctx, "decide")
		defer span.End()
		out, f := decide(ctx, r)
		if !span.IsRecording() {
			return out, f
		}
		span.SetAttributes(attribute.Bool("polymoat.dry_run", r.dryRun()))
		if f != nil {
			span.SetStatus(codes.Error, f.Kind)
			return out, f
		}
		span.SetAttributes(decided(out.decision)...)
		return out, f
	}
}

// decided is a decision in the words of metrics and audit annotations: those of the policy and of lists in the code.
// Nothing of the pod is among them.
func decided(d policy.Decision) []attribute.KeyValue {
	attributes := []attribute.KeyValue{attribute.String("polymoat.verdict", auditannotations.Verdict(d))}
	if d.Verdict == policy.OutOfScope {
		return attributes
	}
	return append(attributes, attribute.String("polymoat.policy", d.Policy), attribute.String("polymoat.role", d.Role),
		attribute.StringSlice("polymoat.rules", auditannotations.Rules(d)))
}
