package webhook

import (
	"encoding/json"
	"strings"

	"github.com/polymoat/polymoat/internal/policy"
)

// The keys of audit annotations. The API server writes "<name of the webhook>/" before them. Those that have nothing to
// say are left out.
const (
	auditPolicy    = "policy"
	auditRole      = "role"
	auditWhy       = "why"
	auditOverrides = "overrides" // those that were accepted, and what came of them
	auditRefused   = "refused"   // violations of rules in mode Enforce
	auditWarned    = "warned"    // violations of rules in mode Warn
	auditAudited   = "audited"   // violations of rules in mode Audit
	auditExcused   = "excused"   // violations that an exception lifts
	auditException = "exception" // the name of that exception
	auditShadow    = "shadow"    // JSON of the changes that were not made
)

// longestRecord bounds one annotation in bytes: a pod with hundreds of containers violates a rule in each.
const longestRecord = 4096

// auditAnnotations are what an auditor reads about a decision.
func auditAnnotations(d policy.Decision) map[string]string {
	if d.Verdict == policy.OutOfScope {
		return nil
	}
	annotations := map[string]string{auditPolicy: d.Policy, auditRole: d.Role, auditWhy: d.Why}
	for key, text := range map[string]string{
		auditOverrides: joined(d.Overrides),
		auditRefused:   joined(clauses(d.Violations)),
		auditWarned:    joined(clauses(d.Warned)),
		auditAudited:   joined(clauses(d.Audited)),
		auditExcused:   joined(clauses(d.Excused)),
		auditException: d.Exception,
		auditShadow:    shadow(d),
	} {
		if text != "" {
			annotations[key] = text
		}
	}
	return annotations
}

func clauses(found []policy.Violation) []string {
	list := make([]string, len(found))
	for i, v := range found {
		list[i] = v.String()
	}
	return list
}

// joined are texts one after the other, as many as fit.
func joined(texts []string) string {
	var b strings.Builder
	for i, text := range texts {
		if b.Len()+len(text) > longestRecord {
			b.WriteString(" ...")
			break
		}
		if i > 0 {
			b.WriteString(". ")
		}
		b.WriteString(text)
	}
	return strings.TrimSpace(b.String())
}

// shadow is what would have been changed, as JSON; as many changes as fit.
func shadow(d policy.Decision) string {
	if !d.Shadow {
		return ""
	}
	for changes := d.Changes; ; changes = changes[:len(changes)/2] {
		text, err := json.Marshal(changes)
		if err != nil {
			return "" // none of the types fails
		}
		if len(text) <= longestRecord {
			return string(text)
		}
	}
}
