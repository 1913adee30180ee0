// Package tracing continues the traces of the API server, as the API server makes them: spans go to a collector over OTLP,
// and only those of requests that the API server has chosen.
package tracing

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"
	"k8s.io/component-base/tracing"
	tracingv1 "k8s.io/component-base/tracing/api/v1"

	"github.com/polymoat/polymoat/internal/build"
)

// flushTimeout bounds how long a server that ends waits for the collector to take the last spans.
const flushTimeout = 2 * time.Second

// Tracer makes spans. A nil one wraps nothing, and so costs nothing.
type Tracer struct {
	trace.Tracer
	provider tracing.TracerProvider
}

// New sends spans to the collector at an endpoint, "HOST:PORT"; nil where there is none. Nobody ever waits for the
// collector: it is called when there are spans, in the background, and what it does not take is dropped.
func New(endpoint string) (*Tracer, error) {
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
	return &Tracer{provider.Tracer("github.com/polymoat/polymoat/webhook"), provider}, nil
}

// Handler has each request answered within a span of that name, whose parent is the caller's.
func (t *Tracer) Handler(name string, next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return tracing.WithTracing(next, t.provider, name)
}

// Flush sends the spans that were not sent yet. A server ends well whether or not somebody takes them.
func (t *Tracer) Flush(ctx context.Context, log *slog.Logger) {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		log.Warn("the last spans were not sent", "error", err)
	}
}
