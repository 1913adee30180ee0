package v1alpha1

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// mistakesOfRollout are in modes, shadow, exceptions and early answers.
var mistakesOfRollout = []mistake{
	{"requesters: []", "earlyAnswers: warn",
		`policy.yaml:7: spec.earlyAnswers: "warn" is not one of "Enforce", "Warn", "Audit"; did you mean "Warn"?`},
	{"requesters: []", "modes: [{rules: [node-name]}]",
		`policy.yaml:7: spec.modes[0].mode: "" is not one of "Enforce", "Warn", "Audit"`},
	{"requesters: []", "modes: [{mode: Warn, rules: [node-names, binding, binding], roles: [job, core], namespaces: [polyaxon, plyaxon]}]",
		`policy.yaml:7: spec.modes[0].namespaces[1]: "plyaxon" is not one of spec.namespaces; did you mean "polyaxon"?
policy.yaml:7: spec.modes[0].roles[0]: "job" is not a role of this policy; did you mean "jobs"?
policy.yaml:7: spec.modes[0].rules[0]: "node-names" is not a rule; did you mean "node-name"?
policy.yaml:7: spec.modes[0].rules[2]: "binding" is at spec.modes[0].rules[1] already; keep one`},
	{"requesters: []", "modes: [{mode: Warn, rules: [zzzz]}]",
		`policy.yaml:7: spec.modes[0].rules[0]: "zzzz" is not a rule; accepted: "core-claim", "core-nodes", "node-name", "node-pool", "scheduler-name", "runtime-class", "priority-class", "scheduling-group", "displacement", "pod-affinity", "core-debug", "pod-status", "service-account", "run-as-root", "run-as-root-group", "pod-security", "binding"`},
	{"requesters: []", "modes: [{mode: Warn, role: [jobs]}]",
		`policy.yaml:7: spec.modes[0].role: unknown field; did you mean "roles"?`},
	{"requesters: []", "shadow: [{roles: [cores]}]",
		`policy.yaml:7: spec.shadow[0].roles[0]: "cores" is not a role of this policy; did you mean "core"?`},
	{"requesters: []", "exceptions: [{}]",
		`policy.yaml:7: spec.exceptions[0].expires: is empty; write the last day on which the exception holds: "2027-01-31"
policy.yaml:7: spec.exceptions[0].name: is empty; write a name of lower-case letters, digits and "-"
policy.yaml:7: spec.exceptions[0].namespaces: is empty; name the namespaces that the exception is for
policy.yaml:7: spec.exceptions[0].owner: is empty; write who answers for the exception: "jane@example.com"
policy.yaml:7: spec.exceptions[0].reason: is empty; write why the exception is there, for those who find it in a year
policy.yaml:7: spec.exceptions[0].roles: is empty; name the roles that the exception is for
policy.yaml:7: spec.exceptions[0].rules: is empty; name the rules that the exception is for`},
	{"requesters: []", "exceptions: [{name: a, namespaces: [polyaxon], roles: [jobs], rules: [core-claim, core-debug, pod-status, binding, run-as-rot], owner: a, reason: b, expires: 31.1.2027}]",
		`policy.yaml:7: spec.exceptions[0].expires: "31.1.2027" is not a date; write the last day on which the exception holds: "2027-01-31"
policy.yaml:7: spec.exceptions[0].rules[0]: "core-claim" has no exceptions, which would be for everybody; name the users in spec.coreTrust
policy.yaml:7: spec.exceptions[0].rules[1]: "core-debug" has no exceptions, which would be for everybody; name the users in spec.debugUsers
policy.yaml:7: spec.exceptions[0].rules[2]: "pod-status" has no exceptions, which would be for everybody; name the users in spec.coreTrust
policy.yaml:7: spec.exceptions[0].rules[3]: "binding" has no exceptions, which would be for everybody; name the users in spec.bindingUsers
policy.yaml:7: spec.exceptions[0].rules[4]: "run-as-rot" is not a rule; did you mean "run-as-root"?`},
	{"requesters: []", `exceptions:
  - {name: a, namespaces: [polyaxon], roles: [jobs], rules: [run-as-root], owner: a, reason: b, expires: 2027-01-31}
  - {name: a, namespaces: [polyaxon], roles: [jobs], rules: [run-as-root], owner: a, reason: b, expires: 2027-01-31}`,
		`policy.yaml:9: spec.exceptions[1].name: "a" is at spec.exceptions[0].name already; keep one`},
}

func TestDays(t *testing.T) {
	e := Exception{Expires: "2027-01-31"}
	if got, want := e.Ends(), time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("ends at %s, want %s", got, want)
	}
	if last := DayOf(e.Ends().Add(-time.Nanosecond)); last != e.LastDay() {
		t.Errorf("the last day is %d, want %d", e.LastDay(), last)
	}
	east := time.FixedZone("UTC+13", 13*60*60)
	if got, want := DayOf(time.Date(1970, 1, 3, 0, 0, 0, 0, east)), Day(1); got != want {
		t.Errorf("got day %d, want %d", got, want)
	}
}

func TestReports(t *testing.T) {
	s := Spec{}
	for _, date := range []string{"2026-11-22", "2026-11-23", "2026-11-24", "2026-11-29", "2026-11-30"} {
		s.Exceptions = append(s.Exceptions, Exception{Name: "until-" + date, Expires: date, Owner: "jane"})
	}
	want := []string{
		`exception "until-2026-11-22" was over on 2026-11-22 and has no effect; remove it`,
		`exception "until-2026-11-23" ends today, on 2026-11-23; ask jane whether it is still needed`,
		`exception "until-2026-11-24" ends tomorrow, on 2026-11-24; ask jane whether it is still needed`,
		`exception "until-2026-11-29" ends in 6 days, on 2026-11-29; ask jane whether it is still needed`,
	}
	today := DayOf(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))
	if diff := cmp.Diff(want, s.Reports(today)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLooseModes(t *testing.T) {
	loose := func(i, mode string) []string {
		return []string{"spec.modes[" + i + "] names no rules, and so is in mode " + mode + " for those that guard core, too; " +
			"name the rules, or write {mode: Enforce, rules: [core-claim, core-nodes]} before it"}
	}
	enforce := func(rules ...string) RuleMode { return RuleMode{Mode: Enforce, Rules: rules} }
	for name, tc := range map[string]struct {
		modes []RuleMode
		want  []string
	}{
		"for all":                       {[]RuleMode{{Mode: Audit}}, loose("0", "Audit")},
		"for a role":                    {[]RuleMode{{Mode: Warn, Scope: Scope{Roles: []string{"jobs"}}}}, loose("0", "Warn")},
		"with rules":                    {[]RuleMode{{Mode: Warn, Rules: []string{"run-as-root"}}}, nil},
		"after those that guard core":   {[]RuleMode{enforce("core-claim", "core-nodes"), {Mode: Warn}}, nil},
		"after them, one by one":        {[]RuleMode{enforce("core-claim"), enforce("core-nodes"), {Mode: Warn}}, nil},
		"after one of them":             {[]RuleMode{enforce("core-claim"), {Mode: Warn}}, loose("1", "Warn")},
		"after them for a role":         {[]RuleMode{{Mode: Enforce, Rules: guards, Scope: Scope{Roles: []string{"jobs"}}}, {Mode: Warn}}, loose("1", "Warn")},
		"after all rules are enforced":  {[]RuleMode{enforce(), {Mode: Warn}}, nil},
		"Enforce without rules is free": {[]RuleMode{enforce()}, nil},
	} {
		if diff := cmp.Diff(tc.want, (&Spec{Modes: tc.modes}).LooseModes()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestScope: what is empty leaves nothing out; what has no role is in the scopes that name none.
func TestScope(t *testing.T) {
	for name, tc := range map[string]struct {
		scope           Scope
		namespace, role string
		want            bool
	}{
		"everything":        {Scope{}, "a", "jobs", true},
		"its namespace":     {Scope{Namespaces: []string{"b", "a"}}, "a", "jobs", true},
		"another namespace": {Scope{Namespaces: []string{"b"}}, "a", "jobs", false},
		"its role":          {Scope{Roles: []string{"jobs"}}, "a", "jobs", true},
		"another role":      {Scope{Roles: []string{"core"}}, "a", "jobs", false},
		"both":              {Scope{Namespaces: []string{"a"}, Roles: []string{"jobs"}}, "a", "jobs", true},
		"no role":           {Scope{Roles: []string{"jobs"}}, "a", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.scope.Holds(tc.namespace, tc.role); got != tc.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// TestModes: an unknown mode is the strictest.
func TestModes(t *testing.T) {
	for i, m := range append([]Mode{"unknown"}, Modes...) {
		for j, o := range append([]Mode{"unknown"}, Modes...) {
			if got, want := m.StricterThan(o), i < j; got != want {
				t.Errorf("%q is stricter than %q: %v", m, o, got)
			}
		}
	}
}
