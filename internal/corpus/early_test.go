package corpus_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/corpus"
	"github.com/polymoat/polymoat/internal/policy"
)

// TestEarlyAnswersAgree: what is said of a template is what is said of its pod, in the same words; claims of core alone
// are judged by who wrote the template.
func TestEarlyAnswersAgree(t *testing.T) {
	compared := 0
	for _, tc := range cases(t) {
		t.Run(tc.Name, func(t *testing.T) {
			p := compiled(t, tc)
			r, err := tc.Request()
			if err != nil {
				t.Fatal(err)
			}
			r.Old = nil
			r.Trust = policy.Trusted // what is left is what a template is answered for
			pod := p.Review(r)
			early := p.ValidateWorkload(workload(tc, r))
			want := append([]string{}, prefixed(pod.Warnings)...)
			if pod.Verdict == policy.Denied {
				compared++
				_, reasons, _ := strings.Cut(pod.Sentence("x"), ": ")
				want = append(want, fmt.Sprintf("spec.template: its pods of role %q will be refused: %s", pod.Role, reasons))
			}
			if pod.Verdict == policy.OutOfScope {
				want = []string{}
			}
			if diff := cmp.Diff(want, append([]string{}, early.Warnings...)); diff != "" {
				t.Errorf("(-pod +template):\n%s", diff)
			}
		})
	}
	if compared < 30 {
		t.Errorf("only %d refusals were compared", compared)
	}
}

// workload makes a template of the pod of a case, written by somebody that core is granted to.
func workload(tc corpus.Case, r policy.Request) policy.Workload {
	return policy.Workload{
		Namespace: r.Namespace, User: policy.UserNamed("admin"), Trust: policy.Trusted, Kind: "Wave", Today: r.Today,
		Resource: schema.GroupResource{Group: "example.com", Resource: "waves"},
		Templates: []policy.Template{{
			At: field.NewPath("spec", "template"), Pod: r.Pod, Creator: tc.User,
			LabelAt: func(key string) *field.Path { return field.NewPath("metadata", "labels").Key(key) },
		}},
	}
}

func prefixed(warnings []string) []string {
	var list []string
	for _, w := range warnings {
		list = append(list, "spec.template: "+w)
	}
	return list
}
