package reporter

import (
	"bytes"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/audit"
	"github.com/polymoat/polymoat/internal/cluster"
)

// TestInstalled: the log says once that there is nowhere to write, and once that there is; it needs no restart to see
// it. What is written then is e2e's to show.
func TestInstalled(t *testing.T) {
	var installed atomic.Bool
	reports := reportsOf(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch query := r.URL.Query(); {
		case !installed.Load():
			http.NotFound(w, r)
		case query.Get("sendInitialEvents") != "":
			w.WriteHeader(http.StatusUnprocessableEntity)
			fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Invalid","code":422}`)
		case query.Get("watch") != "":
			<-r.Context().Done()
		default:
			fmt.Fprint(w, `{"kind":"ReportList","apiVersion":"openreports.io/v1alpha1","metadata":{"resourceVersion":"1"},"items":[]}`)
		}
	})
	var logged bytes.Buffer
	r := New(DefaultLimits, reports, nil, NewMetrics(), slog.New(slog.NewTextHandler(&logged, nil)))
	var want []string
	for _, line := range []string{
		"no reports are written: the cluster has no reports.openreports.io",
		"what the audit finds is written to reports.openreports.io",
	} {
		want = append(want, line)
		awaitLine(t, r, &logged, line)
		installed.Store(true)
	}
	if err := r.Round(t.Context(), nothing); err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(logged.String()) {
		_, message, _ := strings.Cut(line, "msg=")
		got = append(got, strings.Trim(message, "\"\n"))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// nothing is what is found where there are no pods.
func nothing() (iter.Seq2[*audit.AuditedPod, []audit.Finding], bool) {
	return func(func(*audit.AuditedPod, []audit.Finding) bool) {}, true
}

// awaitLine has the reporter look until the log says a line.
func awaitLine(t *testing.T, r *Reporter, logged *bytes.Buffer, line string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !strings.Contains(logged.String(), line); <-time.After(10 * time.Millisecond) {
		if err := r.Round(t.Context(), nothing); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatalf("the log never says %q:\n%s", line, logged)
		}
	}
}

// reportsOf are those of an API server that answers as it is told.
func reportsOf(t *testing.T, answer http.HandlerFunc) *cluster.Reports {
	t.Helper()
	reports, err := cluster.NewReports(kubeconfigOf(t, answer), []string{"polyaxon", "second"})
	if err != nil {
		t.Fatal(err)
	}
	go reports.Run(t.Context())
	return reports
}

// kubeconfigOf leads to such an API server.
func kubeconfigOf(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "kubeconfig")
	text := "apiVersion: v1\nkind: Config\nclusters: [{name: a, cluster: {server: '" + server.URL + "'}}]\ncontexts: [{name: a, context: {cluster: a}}]\ncurrent-context: a\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
