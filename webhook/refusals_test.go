package webhook

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/time/rate"
	admissionv1 "k8s.io/api/admission/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
)

// TestRefusalsAreLimited: of many refusals some are logged, the others are counted, and the next line says how many.
func TestRefusalsAreLimited(t *testing.T) {
	var logged bytes.Buffer
	m := newMetrics(nil)
	l := newRefusals(m, slog.New(slog.NewTextHandler(&logged, nil)))
	witness := &landing.Node{Name: "witness", Labels: map[string]string{"polyaxon": "core"}}
	refused := outcome{decision: policy.Decision{Violations: []policy.Violation{{Rule: "core-nodes", Witness: witness}}}}
	budget := l.budget("polyaxon")
	budget.limiter = rate.NewLimiter(0, 1)
	for range 3 {
		l.tell(t.Context(), in("polyaxon"), refused)
	}
	if got := counterValue(t, m.suppressed); got != 2 {
		t.Errorf("%v lines are suppressed, want 2", got)
	}
	budget.limiter = rate.NewLimiter(0, 1)
	l.tell(t.Context(), in("polyaxon"), refused)
	var got []string
	for line := range strings.Lines(logged.String()) {
		_, rest, _ := strings.Cut(line, "dryRun=false ")
		got = append(got, strings.TrimSpace(rest))
	}
	const said = `witness="node \"witness\" (labels polyaxon=core)"`
	if diff := cmp.Diff([]string{said, said + " suppressed=2"}, got); diff != "" {
		t.Errorf("log (-want +got):\n%s\n%s", diff, &logged)
	}
}

// TestRefusalsByNamespace: what one namespace has logged keeps no line of another one out.
func TestRefusalsByNamespace(t *testing.T) {
	var logged bytes.Buffer
	m := newMetrics(nil)
	l := newRefusals(m, slog.New(slog.NewTextHandler(&logged, nil)))
	for range 2 * refusalsAtOnce {
		l.tell(t.Context(), in("polyaxon"), outcome{})
	}
	l.tell(t.Context(), in("second"), outcome{})
	if got := strings.Count(logged.String(), "namespace=second"); got != 1 || counterValue(t, m.suppressed) < refusalsAtOnce-10 {
		t.Errorf("%d lines of the second namespace; %v suppressed", got, counterValue(t, m.suppressed))
	}
}

// in is a request in a namespace.
func in(namespace string) *request {
	return &request{Request: admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{Namespace: namespace}}}
}
