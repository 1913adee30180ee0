package webhook

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"
	"k8s.io/component-base/tracing"
	tracingv1 "k8s.io/component-base/tracing/api/v1"

	"github.com/polymoat/polymoat/internal/auditannotations"
	"github.com/polymoat/polymoat/internal/build"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/webhook/serve"
)

// flushTimeout bounds how long a server that ends waits for the collector to take the last spans.
const flushTimeout = 2 * time.Second

// tracer continues the traces of the API server, as the API server makes them: spans go to a collector over OTLP, and
// only those of requests that the API server has chosen. A nil tracer wraps nothing, and so costs nothing.
type tracer struct {
	provider tracing.TracerProvider
	spans    trace.Tracer
}

// newTracer sends spans to the collector at an endpoint, "HOST:PORT"; nil where there is none. Nobody ever waits for the
// collector: it is called when there are spans, in the background, and what it does not take is dropped.
func newTracer(endpoint string) (*tracer, error) {
	if endpoint == "" {
		return nil, nil
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	who := resource.WithAttributes(semconv.ServiceName("polymoat"), semconv.ServiceVersion(build.Read().Version), semconv.ServiceInstanceID(host))
	// The context is for the exporter's start, which connects nowhere.
	provider, err := tracing.NewProvider(context.Background(), &tracingv1.TracingConfiguration{Endpoint: &endpoint}, nil, []resource.Option{who})
	if err != nil {
		return nil, fmt.Errorf("--tracing-endpoint: %w", err)
	}
	return &tracer{provider, provider.Tracer("github.com/polymoat/polymoat/webhook")}, nil
}

// handler has each review answered within a span, whose parent is that of the API server.
func (t *tracer) handler(webhook string, next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return tracing.WithTracing(next, t.provider, webhook)
}

// decides has each decision made within a span, which says what was decided.
func (t *tracer) decides(decide decides) decides {
	if t == nil {
		return decide
	}
	return func(ctx context.Context, r *request) (outcome, *serve.Fault) {
		ctx, span := t.spans.Start(ctx, "decide")
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

// flush sends the spans that were not sent yet. The server ends well whether or not somebody takes them.
func (t *tracer) flush(ctx context.Context, log *slog.Logger) {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		log.Warn("the last spans were not sent", "error", err)
	}
}
