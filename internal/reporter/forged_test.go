package reporter

import (
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/polymoat/polymoat/internal/audit"
	"github.com/polymoat/polymoat/internal/cluster"
	"github.com/polymoat/polymoat/internal/report"
)

// ours is the label of polymoat's own reports, which anybody may write.
var ours = map[string]string{report.ManagedBy: report.Source}

// onPod is the name of the report on a pod that nothing controls.
func onPod(namespace, name string) string {
	return namespace + "/" + report.Of(report.Workload{Namespace: namespace, Owner: metav1.OwnerReference{UID: types.UID(name)}}).Name
}

// rooted is a pod that runs as root.
func rooted(namespace, name string) *audit.AuditedPod {
	return &audit.AuditedPod{
		Namespace: namespace, Name: name, UID: types.UID(name),
		Findings: []audit.Finding{{Kind: audit.PodRunsAsRoot, Object: "pod/" + name, Detail: "runs as root", Fix: "do not"}},
	}
}

// newRounds is a reporter that writes into a store what is found of pods. Of Jobs nobody tells anything. Each round waits until the last one is seen.
func newRounds(t *testing.T, s *reportStore, limits Limits, pods ...*audit.AuditedPod) func() error {
	t.Helper()
	answer := func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/jobs/") {
			failWith(w, http.StatusInternalServerError, metav1.StatusReasonInternalError)
			return
		}
		s.ServeHTTP(w, r)
	}
	controllers, err := cluster.NewControllers(kubeconfigOf(t, answer))
	if err != nil {
		t.Fatal(err)
	}
	reports := reportsOf(t, answer)
	r := New(limits, reports, controllers, NewMetrics(), slog.New(slog.DiscardHandler))
	for deadline := time.Now().Add(10 * time.Second); !reports.Synced(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the reports are not listed")
		}
	}
	return func() error {
		time.Sleep(50 * time.Millisecond)
		return r.Round(t.Context(), func() (iter.Seq2[*audit.AuditedPod, []audit.Finding], bool) {
			return func(yield func(*audit.AuditedPod, []audit.Finding) bool) {
				for _, pod := range pods {
					if !yield(pod, pod.Findings) {
						return
					}
				}
			}, true
		})
	}
}

// TestForgedReports: reports that somebody forged, and holds with finalizers, are deleted once and then left alone. The others
// are written all the same.
func TestForgedReports(t *testing.T) {
	s := newReportStore()
	for i := range 35 {
		s.forge(fmt.Sprint("forged-", i), ours, "example.com/stay")
	}
	round := newRounds(t, s, DefaultLimits, rooted("polyaxon", "train"))
	for range 3 {
		if err := round(); err != nil {
			t.Fatal(err)
		}
	}
	s.written()
	if err := round(); err != nil {
		t.Fatal(err)
	}
	writes, names := s.written()
	if want := onPod("polyaxon", "train"); writes != 0 || len(names) != 36 || !slices.Contains(names, want) {
		t.Errorf("%d more writes, and these reports, want %s among them: %q", writes, want, names)
	}
}

// TestForgedName: whatever stands under the name of a report is written over, and one that is held while it is deleted is
// let go.
func TestForgedName(t *testing.T) {
	for name, forge := range map[string]func(*reportStore, string){
		"without our label": func(s *reportStore, name string) { s.forge(name, nil, "example.com/stay") },
		"with our label":    func(s *reportStore, name string) { s.forge(name, ours, "example.com/stay") },
		"while it is deleted": func(s *reportStore, name string) {
			s.forge(name, ours, "example.com/stay")
			s.serveChange(discard{}, http.MethodDelete, "polyaxon/"+name, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newReportStore()
			_, own, _ := strings.Cut(onPod("polyaxon", "train"), "/")
			forge(s, own)
			round := newRounds(t, s, DefaultLimits, rooted("polyaxon", "train"))
			for range 3 {
				if err := round(); err != nil {
					t.Error(err)
				}
			}
			got := s.reports["polyaxon/"+own]
			if got == nil || got.Source != "polymoat" || got.DeletionTimestamp != nil || len(got.Finalizers) > 0 || got.Labels[report.ManagedBy] != report.Source {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestNamespacesTakeTurns: what one namespace has to be written, and to be deleted, delays no other one.
func TestNamespacesTakeTurns(t *testing.T) {
	s := newReportStore()
	var pods []*audit.AuditedPod
	for i := range 50 {
		s.forge(fmt.Sprint("forged-", i), ours)
		pods = append(pods, rooted("polyaxon", fmt.Sprint("train-", i)))
	}
	pods = append(pods, rooted("second", "train"))
	round := newRounds(t, s, Limits{Reports: 10, Writes: 6}, pods...)
	if err := round(); err != nil {
		t.Fatal(err)
	}
	writes, names := s.written()
	of := map[string]int{}
	for _, name := range names {
		kind, _, _ := strings.Cut(name, "-")
		of[kind]++
	}
	if writes != 6 || of["second/polymoat"] != 1 || of["polyaxon/polymoat"] != 2 || of["polyaxon/forged"] != 47 {
		t.Errorf("%d writes, reports: %v", writes, of)
	}
}

// TestUnknownOwner: where nobody tells what controls a workload, its namespace stays as it is, and the others are written.
func TestUnknownOwner(t *testing.T) {
	s := newReportStore()
	s.forge("polymoat-old", ours)
	lost := rooted("polyaxon", "train")
	lost.Controller = &metav1.OwnerReference{APIVersion: "batch/v1", Kind: "Job", Name: "train", UID: "u"}
	round := newRounds(t, s, DefaultLimits, lost, rooted("second", "train"))
	if err := round(); err == nil || !strings.Contains(err.Error(), "read jobs.batch/train: ") {
		t.Errorf("got %v", err)
	}
	want := []string{"polyaxon/polymoat-old", onPod("second", "train")}
	if _, names := s.written(); !slices.Equal(names, want) {
		t.Errorf("reports %q, want %q", names, want)
	}
}

// discard is where an answer goes that nobody reads.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}
