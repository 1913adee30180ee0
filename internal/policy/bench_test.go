package policy_test

import (
	"testing"

	"github.com/polymoat/polymoat/internal/corpus"
	"github.com/polymoat/polymoat/internal/policy"
)

// BenchmarkDecision decides on golden cases as the two webhooks do: a job as it comes, the same job as it was placed,
// a build whose role content tells, and a refusal.
func BenchmarkDecision(b *testing.B) {
	cases, err := corpus.Cases()
	if err != nil {
		b.Fatal(err)
	}
	for _, tc := range cases {
		switch tc.Name {
		case "v1.20-job", "v1.20-build-kaniko", "job-asks-for-core":
		default:
			continue
		}
		p, err := tc.Policy()
		if err != nil {
			b.Fatal(err)
		}
		r, err := tc.Request()
		if err != nil {
			b.Fatal(err)
		}
		b.Run("Mutate/"+tc.Name, func(b *testing.B) { decide(b, p.Mutate, r) })
		if placed := p.Mutate(r).Pod; placed != nil {
			r.Pod = placed
		}
		b.Run("Validate/"+tc.Name, func(b *testing.B) { decide(b, p.Validate, r) })
	}
}

func decide(b *testing.B, decide func(policy.Request) policy.Decision, r policy.Request) {
	b.ReportAllocs()
	for b.Loop() {
		decide(r)
	}
}
