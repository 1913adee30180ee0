package webhook

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// toldTo is what a teller was given.
type toldTo struct {
	namespace string
	owner     metav1.OwnerReference
	sentence  string
}

// hearer is a teller that keeps it.
type hearer []toldTo

func (h *hearer) Tell(namespace string, owner metav1.OwnerReference, sentence string) {
	*h = append(*h, toldTo{namespace, owner, sentence})
}

// TestWhatIsTold: the owner of a new pod that is refused is told, and of nothing else.
func TestWhatIsTold(t *testing.T) {
	policies, err := LoadPolicies("")
	if err != nil {
		t.Fatal(err)
	}
	d := &decider{policy: policies.compiled, log: slog.New(discardLog), today: func() v1alpha1.Day { return 0 }}
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
			var told hearer
			post(t, newMux(parts{decider: d, metrics: newMetrics(nil), events: &told, log: d.log}), "/validate", tc.body)
			if len(told) != tc.want {
				t.Fatalf("these are told, want %d: %+v", tc.want, told)
			}
			if tc.want == 0 {
				return
			}
			got := told[0]
			if got.namespace != "polyaxon" || got.owner.Kind != "Job" || got.owner.UID == "" || got.owner.Controller != nil ||
				!strings.HasPrefix(got.sentence, `pods "plx-operation-11036ea423fda0df5fea669df0135e30-" of role "jobs": spec.containers[0].securityContext leaves `) {
				t.Errorf("got %+v", got)
			}
		})
	}
}
