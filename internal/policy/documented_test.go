package policy_test

import (
	"testing"

	"github.com/polymoat/polymoat/internal/policy"
)

// TestDocumented names the rule about which the documentation would say nothing.
func TestDocumented(t *testing.T) {
	for _, rule := range append([]policy.Rule{{ID: policy.RuleBinding, Doc: policy.RuleBindingDoc}}, policy.Rules()...) {
		if rule.ID == "" || rule.Doc == "" {
			t.Errorf("rule %q: say in its Doc what it refuses", rule.ID)
		}
	}
}

// TestRulesAreACopy: nobody takes a rule out of the list for all.
func TestRulesAreACopy(t *testing.T) {
	first := policy.Rules()[0].ID
	policy.Rules()[0] = policy.Rule{}
	if got := policy.Rules()[0].ID; got != first {
		t.Errorf("got %q, want %q", got, first)
	}
}
