package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/collector"
)

// ownTrace is the trace of this test, and ownSpan its span, in which it creates a pod.
const ownTrace, ownSpan = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"

// traced sends each request within the trace of this test.
type traced struct{ http.RoundTripper }

func (t traced) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Traceparent", "00-"+ownTrace+"-"+ownSpan+"-01")
	return t.RoundTripper.RoundTrip(r)
}

// A trace goes from who creates a pod through the API server to polymoat, and says there what was decided.
func TestTraceOfTheAPIServer(t *testing.T) {
	config := control.As(cluster.Admin)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return traced{next} })
	c, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Create(t.Context(), jobPod("traced"), client.DryRunAll); err != nil {
		t.Fatal(err)
	}
	var all []collector.Span
	err = control.Await("spans of both webhooks", func(context.Context) error {
		all = spans.Trace(ownTrace)
		if n := len(decisions(all)); n < 2 {
			return fmt.Errorf("%d decisions among %d spans", n, len(all))
		}
		for _, d := range decisions(all) { // the API server sends its spans later, and not all at once
			if _, err := wayTo(all, d); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range decisions(all) {
		want := map[string]string{
			"polymoat.policy": "polyaxon", "polymoat.role": "jobs", "polymoat.verdict": "Allowed", "polymoat.rules": "", "polymoat.dry_run": "true",
		}
		if diff := cmp.Diff(want, d.Attributes); diff != "" {
			t.Errorf("a decision (-want +got):\n%s", diff)
		}
		way, err := wayTo(all, d)
		if err != nil {
			t.Error(err)
		}
		if want := []string{"polymoat", "polymoat", "apiserver"}; !slices.Equal(way[:min(3, len(way))], want) {
			t.Errorf("the decision lies within spans of %q, want %q first", way, want)
		}
	}
}

func decisions(all []collector.Span) []collector.Span {
	return slices.DeleteFunc(slices.Clone(all), func(s collector.Span) bool { return s.Service != "polymoat" || s.Name != "decide" })
}

// wayTo are the services of a span and of those that it lies within, up to that of this test.
func wayTo(all []collector.Span, s collector.Span) ([]string, error) {
	way := []string{s.Service}
	for s.Parent != ownSpan {
		i := slices.IndexFunc(all, func(parent collector.Span) bool { return parent.ID == s.Parent })
		if i < 0 {
			return way, fmt.Errorf("the span %+v lies in none that was sent", s)
		}
		s = all[i]
		way = append(way, s.Service)
	}
	return way, nil
}

// The API server tells of our webhooks by the names and labels that the alerts and the dashboard read.
func TestAPIServerTellsOfWebhooks(t *testing.T) {
	pod := jobNamed("told", func(p *corev1.Pod) { p.Spec.NodeName = "core-1" })
	if err := as(t, cluster.Tenant).Create(t.Context(), pod, client.DryRunAll); err == nil {
		t.Fatal("a pod pinned to a core node is created")
	}
	admin, err := kubernetes.NewForConfig(control.As(cluster.Admin))
	if err != nil {
		t.Fatal(err)
	}
	text, err := admin.RESTClient().Get().AbsPath("/metrics").DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`apiserver_admission_webhook_rejection_count{error_type="no_error",name="validate.polymoat.io",operation="CREATE",rejection_code="403",type="validating"} `,
		`apiserver_admission_webhook_admission_duration_seconds_bucket{name="mutate.polymoat.io",operation="CREATE",rejected="false",type="admit",le="+Inf"} `,
	} {
		if !bytes.Contains(text, []byte("\n"+line)) {
			t.Errorf("it does not tell %s", line)
		}
	}
}
