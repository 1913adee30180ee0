package auditannotations

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
)

// AuditRecord is what the annotations of a decision say, or would say. Its fields are a promise to programs: they are only
// ever added to.
type AuditRecord struct {
	Policy  string   `json:"policy"`
	Hash    string   `json:"hash,omitempty"`
	Verdict string   `json:"verdict"`
	Role    string   `json:"role,omitempty"`
	Why     string   `json:"why,omitempty"`
	Pool    string   `json:"pool,omitempty"`
	Rules   []string `json:"rules"` // that fired, each with its mode: "core-nodes=Enforce"
	Refused string   `json:"refused,omitempty"`
	// Witness is a protected node on which the pod would run.
	Witness *landing.Node `json:"witness,omitempty"`
}

// domain ends the names of polymoat's webhooks.
const domain = ".polymoat.io"

// Mutating is the name of the webhook that places pods.
const Mutating = "mutate" + domain

// Read is what the annotations of an audit event say; false where polymoat decided nothing. Where several webhooks
// decided, the one counts that judged the final object. mutated says whether the request was also mutated, or at least
// could have been.
func Read(annotations map[string]string) (s AuditRecord, mutated, ok bool) {
	webhook := ""
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		name, word, _ := strings.Cut(key, "/")
		if word != keyVerdict || !strings.HasSuffix(name, domain) {
			continue
		}
		mutated = mutated || name == Mutating
		if webhook == "" || webhook == Mutating {
			webhook = name
		}
	}
	if webhook == "" {
		return AuditRecord{}, false, false
	}
	of := func(key string) string { return annotations[webhook+"/"+key] }
	s = AuditRecord{
		Policy: of(keyPolicy), Hash: of(keyHash), Verdict: of(keyVerdict), Role: of(keyRole), Why: of(keyWhy),
		Pool: of(keyPool), Rules: strings.Fields(of(keyRules)), Refused: of(keyRefused),
	}
	if text := of(keyWitness); text != "" {
		var node landing.Node
		if json.Unmarshal([]byte(text), &node) == nil {
			s.Witness = &node
		}
	}
	return s, mutated, true
}

// RecordOf is what Read would find of a decision.
func RecordOf(d policy.Decision) AuditRecord {
	return AuditRecord{
		Policy: d.Policy, Hash: d.Hash, Verdict: Verdict(d), Role: d.Role, Why: d.Why, Pool: d.Pool,
		Rules: Rules(d), Refused: joined(clauses(d.Violations)), Witness: d.Witness(),
	}
}

// Same says whether two decisions come to the same: verdict, role, pool, and the rules that fired.
func (s AuditRecord) Same(o AuditRecord) bool {
	return s.Verdict == o.Verdict && s.Role == o.Role && s.Pool == o.Pool && slices.Equal(s.Rules, o.Rules)
}
