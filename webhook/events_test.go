package webhook

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/time/rate"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// eventsServer validates by the built-in policy; what is to be told stays in the queue, which nobody empties. There is
// room for two, and three may be told.
func eventsServer(t *testing.T) (func(body []byte), *events) {
	t.Helper()
	policies, err := LoadPolicies("")
	if err != nil {
		t.Fatal(err)
	}
	m, log := newMetrics(nil), slog.New(discardLog)
	e := &events{budgets: map[string]eventBudget{"polyaxon": {rate.NewLimiter(0, 3), make(chan untold, 2)}}, outcomes: m.events, log: log}
	mux := newMux(parts{decider: &decider{policy: policies.compiled, log: log, today: func() v1alpha1.Day { return 0 }}, metrics: m, ready: &readiness{}, events: e, gate: openGate(), log: log})
	return func(body []byte) { post(t, mux, "/validate", body) }, e
}

// TestWhatIsTold: the owner of a new pod that is refused is told, and of nothing else.
func TestWhatIsTold(t *testing.T) {
	refused := benchmarkReview(t)
	change := func(old, replacement string) []byte {
		if !bytes.Contains(refused, []byte(old)) {
			t.Fatalf("the review has no %s", old)
		}
		return bytes.Replace(refused, []byte(old), []byte(replacement), 1)
	}
	for name, tc := range map[string]struct {
		body []byte
		want int
	}{
		"a pod of a Job":                {refused, 1},
		"one whose name was made up":    {change(`"generateName":`, `"name":"plx-operation-1-x7k2p","generateName":`), 1},
		"a dry run":                     {change(`"dryRun":false`, `"dryRun":true`), 0},
		"a pod that is nobody's":        {change(`"controller":true`, `"controller":false`), 0},
		"a pod of another namespace":    {change(`"namespace":"polyaxon","operation"`, `"namespace":"default","operation"`), 0},
		"a review that does not decode": {change(`"spec":{`, `"spec":{"containers":5,`), 0},
	} {
		t.Run(name, func(t *testing.T) {
			validate, e := eventsServer(t)
			validate(tc.body)
			if got := len(e.budgets["polyaxon"].waiting); got != tc.want {
				t.Fatalf("%d are to be told, want %d", got, tc.want)
			}
			if tc.want == 0 {
				return
			}
			got := <-e.budgets["polyaxon"].waiting
			if got.namespace != "polyaxon" || got.owner.Kind != "Job" || got.owner.UID == "" || got.owner.Controller != nil ||
				!strings.HasPrefix(got.sentence, `pods "plx-operation-11036ea423fda0df5fea669df0135e30-": role "jobs" violates run-as-root: `) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestTooManyToTell: what there is no room for is counted, and holds up no answer.
func TestTooManyToTell(t *testing.T) {
	validate, e := eventsServer(t)
	refused := benchmarkReview(t)
	for range 5 {
		validate(refused)
	}
	for outcome, want := range map[string]float64{eventOverflowed: 1, eventLimited: 2} {
		if got := counterValue(t, e.outcomes.WithLabelValues(outcome)); got != want {
			t.Errorf("%v are %s, want %v", got, outcome, want)
		}
	}
	if got := len(e.budgets["polyaxon"].waiting); got != 2 {
		t.Errorf("%d wait, want 2", got)
	}
}

func TestClipped(t *testing.T) {
	for _, sentence := range []string{"short", strings.Repeat("x", longestMessage)} {
		if got := clipped(sentence); got != sentence {
			t.Errorf("%d bytes became %d", len(sentence), len(got))
		}
	}
	got := clipped(strings.Repeat("€", longestMessage))
	if len(got) > longestMessage || !utf8.ValidString(got) || !strings.HasSuffix(got, "€ ...") {
		t.Errorf("%d bytes: %q", len(got), got[len(got)-10:])
	}
}

// TestTellsItself: controllers of Kubernetes write FailedCreate, with the sentence, on what they control.
func TestTellsItself(t *testing.T) {
	for owner, want := range map[metav1.OwnerReference]bool{
		{APIVersion: "batch/v1", Kind: "Job"}:                   true,
		{APIVersion: "apps/v1", Kind: "ReplicaSet"}:             true,
		{APIVersion: "v1", Kind: "ReplicationController"}:       true,
		{APIVersion: "polyaxon.com/v1", Kind: "Job"}:            false,
		{APIVersion: "core.polyaxon.com/v1", Kind: "Operation"}: false,
		{APIVersion: "apps/v1", Kind: "Deployment"}:             false,
	} {
		if got := tellsItself(owner); got != want {
			t.Errorf("%s %s: %v", owner.APIVersion, owner.Kind, got)
		}
	}
}
