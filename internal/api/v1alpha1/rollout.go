package v1alpha1

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Mode says what a rule does when it fires.
type Mode string

// The modes, from the strictest to the mildest.
const (
	Enforce Mode = "Enforce" // the request is refused
	Warn    Mode = "Warn"    // it is admitted, and its author reads the sentence as a warning
	Audit   Mode = "Audit"   // it is admitted, and the sentence is recorded: audit annotations and metrics
)

// Modes are all modes.
var Modes = []Mode{Enforce, Warn, Audit}

// StricterThan says whether one mode does more than another. An unknown mode is the strictest.
func (m Mode) StricterThan(o Mode) bool { return slices.Index(Modes, m) < slices.Index(Modes, o) }

// Scope narrows something to roles and namespaces. A list that is empty leaves nothing out.
//
// A pod has more than one role where content or an override moved it: it is in the scope only if all of them are,
// so that nothing which a user can write frees a pod of a rule.
type Scope struct {
	Namespaces []string `json:"namespaces,omitempty"`
	Roles      []string `json:"roles,omitempty"`
}

// Holds says whether the scope takes in a role of a namespace. No role (a Binding has none) is in the scopes that name
// none.
func (s Scope) Holds(namespace, role string) bool {
	return (len(s.Namespaces) == 0 || slices.Contains(s.Namespaces, namespace)) &&
		(len(s.Roles) == 0 || slices.Contains(s.Roles, role))
}

// RuleMode gives rules a mode: {mode: Warn, rules: [pod-security], roles: [notebooks]}.
type RuleMode struct {
	Mode Mode `json:"mode"`
	// Rules by their IDs. Empty: all.
	Rules []string `json:"rules,omitempty"`
	Scope `json:",inline"`
}

// Exception lifts rules for a while, for the roles and namespaces that it names. Exceptions never combine: a pod that
// violates two rules passes only if one exception names both.
type Exception struct {
	// Name is a DNS label. Warnings, audit annotations and metrics name the exception by it.
	Name string `json:"name"`
	// Namespaces, Roles and Rules are what it is narrowed to: at least one of each.
	Namespaces []string `json:"namespaces"`
	Roles      []string `json:"roles"`
	Rules      []string `json:"rules"`
	// Owner is who answers for it, Reason why it is there: both are told to those that it lets through, in its last week.
	Owner  string `json:"owner"`
	Reason string `json:"reason"`
	// Expires is the last day on which it holds, in UTC: "2027-01-31". Nobody has to do anything for it to end.
	Expires string `json:"expires"`
}

// LastWeek is how many days before its end an exception is reported.
const LastWeek = 7

// Day is a day of UTC, counted from 1970-01-01. Zero is a day that is not known: no exception holds on it.
type Day int

// DayOf is the day of a moment.
func DayOf(t time.Time) Day { return Day(t.UTC().Unix() / (24 * 60 * 60)) }

// LastDay is the day of Expires; zero for one that is none, which no loaded policy has.
func (e Exception) LastDay() Day {
	t, err := time.Parse(time.DateOnly, e.Expires)
	if err != nil {
		return 0
	}
	return DayOf(t)
}

// Ends is the moment at which the exception is over.
func (e Exception) Ends() time.Time {
	return time.Unix(int64(e.LastDay()+1)*24*60*60, 0).UTC()
}

// Until says how long there is until the last day: "today", "tomorrow", "in 5 days". It is empty where there is more than
// a week, and where it is over.
func (e Exception) Until(today Day) string {
	switch left := e.LastDay() - today; {
	case left < 0 || left >= LastWeek:
		return ""
	case left == 0:
		return "today"
	case left == 1:
		return "tomorrow"
	default:
		return fmt.Sprintf("in %d days", left)
	}
}

// Reports are what administrators should know of the exceptions of a policy on a day: those that end within a week, and
// those that are over.
func (s *Spec) Reports(today Day) []string {
	var list []string
	for _, e := range s.Exceptions {
		switch until := e.Until(today); {
		case until != "":
			list = append(list, fmt.Sprintf("exception %q ends %s, on %s; ask %s whether it is still needed", e.Name, until, e.Expires, e.Owner))
		case today > e.LastDay():
			list = append(list, fmt.Sprintf("exception %q was over on %s and has no effect; remove it", e.Name, e.Expires))
		}
	}
	return list
}

// ModeOf is what a rule does to a role in a namespace: the mode of the first entry that fits; Enforce without one.
func ModeOf(modes []RuleMode, namespace, role, rule string) Mode {
	for _, m := range modes {
		if m.Holds(namespace, role) && (len(m.Rules) == 0 || slices.Contains(m.Rules, rule)) {
			return m.Mode
		}
	}
	return Enforce
}

// guards are the rules that keep others off core's nodes.
var guards = []string{"core-claim", "core-nodes"}

// LooseModes are warnings about entries that refuse nothing and name no rules: they hold for the rules that guard core,
// too, unless an entry before them enforces those for all roles and namespaces.
func (s *Spec) LooseModes() []string {
	var list, enforced []string
	for i, m := range s.Modes {
		switch everything := len(m.Rules) == 0; {
		case m.Mode == Enforce && len(m.Namespaces)+len(m.Roles) > 0:
		case m.Mode == Enforce && everything:
			return list
		case m.Mode == Enforce:
			enforced = append(enforced, m.Rules...)
		case everything && slices.ContainsFunc(guards, func(rule string) bool { return !slices.Contains(enforced, rule) }):
			list = append(list, fmt.Sprintf("spec.modes[%d] names no rules, and so is in mode %s for those that guard core, too; "+
				"name the rules, or write {mode: Enforce, rules: [%s]} before it", i, m.Mode, strings.Join(guards, ", ")))
		}
	}
	return list
}

// RuleIDs are all rules, which package policy implements, in its order. They are permanent.
var RuleIDs = []string{
	"core-claim", "core-nodes", "node-name", "node-pool", "scheduler-name", "runtime-class", "priority-class",
	"pod-affinity", "core-debug", "pod-status", "service-account", "run-as-root", "run-as-root-group",
	"pod-security", "binding",
}

// trustRules are those for which a policy names users instead of exceptions: field and rule.
var trustRules = map[string]string{"core-claim": "coreTrust", "core-debug": "debugUsers", "pod-status": "coreTrust", "binding": "bindingUsers"}
