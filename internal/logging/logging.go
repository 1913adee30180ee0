// Package logging has everything that a server says in one log.
package logging

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"golang.org/x/time/rate"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
)

// New writes one JSON object per line, from level on: debug, info, warn, error.
func New(w io.Writer, level string) (*slog.Logger, error) {
	var from slog.Level
	if err := from.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("--log-level is %q, not debug, info, warn or error", level)
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: from})), nil
}

// Adopt sends what our libraries say the same way: controller-runtime, client-go, OpenTelemetry, and net/http
// through log. It changes the whole process, so a program calls it, once and before anything runs.
func Adopt(log *slog.Logger) {
	slog.SetDefault(log)
	klog.SetSlogLogger(log)
	ctrllog.SetLogger(logr.FromSlogHandler(log.Handler()))
	otel.SetLogger(logr.FromSlogHandler(log.Handler()))
	// A collector that is away fails every few seconds.
	sometimes := rate.Sometimes{Interval: time.Minute}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		sometimes.Do(func() { log.Warn("spans were not sent", "error", err) })
	}))
}
