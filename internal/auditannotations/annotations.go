// Package auditannotations is what an auditor reads of a decision: the audit annotations that polymoat answers with, which the API
// server writes into its audit log, and how they are read there.
package auditannotations

import (
	"encoding/json"
	"strings"

	"github.com/polymoat/polymoat/internal/policy"
)

// The keys of audit annotations. The API server writes "<name of the webhook>/" before them. Those that have nothing to
// say are left out.
const (
	keyPolicy    = "policy"
	keyHash      = "policy-hash" // the first 12 hexadecimal digits of the SHA-256 of its text
	keyVerdict   = "verdict"     // Allowed, Denied, or Invalid
	keyRole      = "role"
	keyWhy       = "why"
	keyPool      = "pool"      // the node pool that the pod selects in the end
	keyRules     = "rules"     // that fired, each with its mode: "core-nodes=Enforce run-as-root=Warn"
	keyWitness   = "witness"   // JSON of a protected node on which the pod would run
	keyOverrides = "overrides" // those that were accepted, and what came of them
	keyRefused   = "refused"   // violations of rules in mode Enforce
	keyWarned    = "warned"    // violations of rules in mode Warn
	keyAudited   = "audited"   // violations of rules in mode Audit
	keyExcused   = "excused"   // violations that an exception lifts
	keyException = "exception" // the name of that exception
	keyShadow    = "shadow"    // JSON of the changes that were not made
)

// longest bounds one annotation in bytes: a pod with hundreds of containers violates a rule in each.
const longest = 4096

// Invalid is the verdict of a decision that refuses for a malformed override.
const Invalid = "Invalid"

// Annotations are those of a decision; none where it is out of scope.
func Annotations(d policy.Decision) map[string]string {
	if d.Verdict == policy.OutOfScope {
		return nil
	}
	annotations := map[string]string{}
	for _, a := range []struct{ key, text string }{
		{keyAudited, joined(clauses(d.Audited))},
		{keyException, d.Exception},
		{keyExcused, joined(clauses(d.Excused))},
		{keyOverrides, joined(d.Overrides)},
		{keyPolicy, d.Policy},
		{keyHash, d.Hash},
		{keyPool, d.Pool},
		{keyRefused, joined(clauses(d.Violations))},
		{keyRole, d.Role},
		{keyRules, strings.Join(Rules(d), " ")},
		{keyShadow, shadow(d)},
		{keyVerdict, Verdict(d)},
		{keyWarned, joined(clauses(d.Warned))},
		{keyWhy, d.Why},
		{keyWitness, witness(d)},
	} {
		if a.text != "" {
			annotations[a.key] = a.text
		}
	}
	return annotations
}

// VerdictIn is the verdict that the annotations of a response tell; empty where they tell none.
func VerdictIn(annotations map[string]string) string { return annotations[keyVerdict] }

// Verdict is the decision in one word: a malformed override is told from what a rule refuses.
func Verdict(d policy.Decision) string {
	if len(d.Invalid) > 0 {
		return Invalid
	}
	return d.Verdict.String()
}

// Rules are those that fired, with their modes, "core-nodes=Enforce": never more than there are rules.
func Rules(d policy.Decision) []string {
	words := []string{} // never null in JSON
	for _, use := range d.Rules() {
		words = append(words, use.Rule+"="+string(use.Mode))
	}
	return words
}

// witness is the first witness of the decision. One that is too long to keep stands in its sentence, which is cut.
func witness(d policy.Decision) string {
	node := d.Witness()
	if node == nil {
		return ""
	}
	text, err := json.Marshal(node)
	if err != nil || len(text) > longest {
		return ""
	}
	return string(text)
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
		if b.Len()+len(text) > longest {
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
		if len(text) <= longest {
			return string(text)
		}
	}
}
