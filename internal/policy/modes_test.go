package policy_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/corpus"
	"github.com/polymoat/polymoat/internal/policy"
)

// today is the day on which these tests play.
var today = v1alpha1.DayOf(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))

// rooted is a job that runs as root in so many words and nothing else wrong; pinned also names its node.
func rooted() *corev1.Pod {
	return with(job(), func(p *corev1.Pod) {
		p.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: ptr.To[int64](0)}
	})
}

func pinned() *corev1.Pod {
	return with(rooted(), func(p *corev1.Pod) { p.Spec.NodeName = "n1" })
}

// notebookByContent is a service by its labels, which its content makes a notebook.
func notebookByContent() *corev1.Pod {
	return with(rooted(), func(p *corev1.Pod) {
		p.Labels["app.kubernetes.io/component"] = "polyaxon-services"
		p.Spec.Containers[0].Name, p.Spec.Containers[0].Command = "polyaxon-main", []string{"jupyter", "lab"}
	})
}

// told is what a decision says, mode by mode.
type told struct {
	Verdict                           string
	Refused, Warned, Audited, Excused []string
	Exception                         string
	Warnings                          []string
}

func tell(d policy.Decision) told {
	ids := func(found []policy.Violation) []string {
		var rules []string
		for _, v := range found {
			if !slices.Contains(rules, v.Rule) {
				rules = append(rules, v.Rule)
			}
		}
		return rules
	}
	return told{d.Verdict.String(), ids(d.Violations), ids(d.Warned), ids(d.Audited), ids(d.Excused), d.Exception, d.Warnings}
}

const rootSentence = `spec.securityContext.runAsUser is 0: container "polyaxon-main" would run as root; remove it or set a uid above 0 [run-as-root]`

func TestModes(t *testing.T) {
	jobs, everything := v1alpha1.Scope{Roles: []string{"jobs"}}, v1alpha1.Scope{}
	root := []string{"run-as-root"}
	for name, tc := range map[string]struct {
		modes []v1alpha1.RuleMode
		pod   *corev1.Pod
		want  told
	}{
		"no entry enforces": {nil, rooted(), told{Verdict: "Denied", Refused: root}},
		"Warn": {[]v1alpha1.RuleMode{{Mode: v1alpha1.Warn, Rules: root}}, rooted(), told{
			Verdict: "Allowed", Warned: root, Warnings: []string{rootSentence + " (admitted: the rule is in mode Warn)"}}},
		"Audit": {[]v1alpha1.RuleMode{{Mode: v1alpha1.Audit, Rules: root}}, rooted(), told{Verdict: "Allowed", Audited: root}},
		"every rule": {[]v1alpha1.RuleMode{{Mode: v1alpha1.Audit}}, pinned(), told{
			Verdict: "Allowed", Audited: []string{"node-name", "run-as-root"}}},
		"the first that fits": {[]v1alpha1.RuleMode{{Mode: v1alpha1.Enforce, Rules: root, Scope: jobs}, {Mode: v1alpha1.Audit, Scope: everything}}, pinned(), told{
			Verdict: "Denied", Refused: root, Audited: []string{"node-name"}}},
		"another role":      {[]v1alpha1.RuleMode{{Mode: v1alpha1.Audit, Scope: v1alpha1.Scope{Roles: []string{"notebooks"}}}}, rooted(), told{Verdict: "Denied", Refused: root}},
		"another namespace": {[]v1alpha1.RuleMode{{Mode: v1alpha1.Audit, Scope: v1alpha1.Scope{Namespaces: []string{"other"}}}}, rooted(), told{Verdict: "Denied", Refused: root}},
		"another rule":      {[]v1alpha1.RuleMode{{Mode: v1alpha1.Audit, Rules: []string{"node-name"}}}, rooted(), told{Verdict: "Denied", Refused: root}},
		"content frees of nothing": {[]v1alpha1.RuleMode{{Mode: v1alpha1.Audit, Scope: v1alpha1.Scope{Roles: []string{"notebooks"}}}}, notebookByContent(), told{
			Verdict: "Denied", Refused: root}},
		"content and labels": {[]v1alpha1.RuleMode{{Mode: v1alpha1.Audit, Scope: v1alpha1.Scope{Roles: []string{"notebooks", "services"}}}}, notebookByContent(), told{
			Verdict: "Allowed", Audited: root}},
		"of two roles the stricter mode": {[]v1alpha1.RuleMode{
			{Mode: v1alpha1.Audit, Scope: v1alpha1.Scope{Roles: []string{"notebooks"}}}, {Mode: v1alpha1.Warn}}, notebookByContent(), told{
			Verdict: "Allowed", Warned: root, Warnings: []string{
				rootSentence + " (admitted: the rule is in mode Warn)"}}},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) { d.Spec.Modes = tc.modes })
			d := p.Review(policy.Request{Namespace: "polyaxon", Pod: tc.pod, Today: today})
			if diff := cmp.Diff(tc.want, tell(d)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestManyWarnings: a pod may break a rule in each of its containers.
func TestManyWarnings(t *testing.T) {
	p := compile(t, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) { d.Spec.Modes = []v1alpha1.RuleMode{{Mode: v1alpha1.Warn}} })
	for containers, want := range map[int]string{9: "there is 1 more warning", 20: "there are 12 more warnings"} {
		pod := with(job(), func(p *corev1.Pod) {
			root := p.Spec.Containers[0]
			root.SecurityContext = &corev1.SecurityContext{RunAsUser: ptr.To[int64](0)}
			p.Spec.Containers = slices.Repeat([]corev1.Container{root}, containers)
		})
		warnings := p.Review(policy.Request{Namespace: "polyaxon", Pod: pod, Today: today}).Warnings
		if len(warnings) != 9 || warnings[8] != want {
			t.Errorf("%d containers: %q, want 8 warnings and %q", containers, warnings, want)
		}
	}
}

// TestWhatIsLetThroughAsRootStarts: a kubelet starts no container that is root and runAsNonRoot.
func TestWhatIsLetThroughAsRootStarts(t *testing.T) {
	p := compile(t, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) { d.Spec.Modes = []v1alpha1.RuleMode{{Mode: v1alpha1.Audit}} })
	pod := with(job(), func(p *corev1.Pod) {
		root := p.Spec.Containers[0]
		root.Name, root.SecurityContext = "root", &corev1.SecurityContext{RunAsUser: ptr.To[int64](0)}
		p.Spec.Containers = append(p.Spec.Containers, root)
	})
	for _, pod := range []*corev1.Pod{rooted(), pod} {
		placed := p.Mutate(policy.Request{Namespace: "polyaxon", Pod: pod}).Pod
		for _, c := range placed.Spec.Containers {
			sc := c.SecurityContext
			root := ptr.Deref(sc.RunAsUser, ptr.Deref(placed.Spec.SecurityContext.RunAsUser, -1)) == 0
			nonRoot := ptr.Deref(sc.RunAsNonRoot, ptr.Deref(placed.Spec.SecurityContext.RunAsNonRoot, false))
			if root == nonRoot {
				t.Errorf("container %q: root %v, runAsNonRoot %v", c.Name, root, nonRoot)
			}
		}
		if again := p.Mutate(policy.Request{Namespace: "polyaxon", Pod: placed}); again.Pod != nil {
			t.Errorf("Mutate changes its own result: %v", again.Changes)
		}
	}
}

func exception(change func(*v1alpha1.Exception)) v1alpha1.Exception {
	e := v1alpha1.Exception{
		Name: "old-images", Namespaces: []string{"polyaxon"}, Roles: []string{"jobs"}, Rules: []string{"run-as-root"},
		Owner: "jane@example.com", Reason: "images are rebuilt until new year", Expires: "2026-12-31",
	}
	if change != nil {
		change(&e)
	}
	return e
}

func TestExceptions(t *testing.T) {
	root := []string{"run-as-root"}
	refused := told{Verdict: "Denied", Refused: root}
	lifted := told{Verdict: "Allowed", Excused: root, Exception: "old-images"}
	until := func(date string) []v1alpha1.Exception {
		return []v1alpha1.Exception{exception(func(e *v1alpha1.Exception) { e.Expires = date })}
	}
	ending := func(when, date string) told {
		d := lifted
		d.Warnings = []string{`exception "old-images" ends ` + when + `, on ` + date + `: run-as-root will refuse this then (owner: jane@example.com; reason: images are rebuilt until new year)`}
		return d
	}
	all := []string{"node-name", "run-as-root"}
	for name, tc := range map[string]struct {
		exceptions []v1alpha1.Exception
		pod        *corev1.Pod
		unknownDay bool
		want       told
	}{
		"its own":              {exceptions: until("2026-12-31"), want: lifted},
		"eight days before":    {exceptions: until("2026-11-30"), want: lifted},
		"its last week":        {exceptions: until("2026-11-29"), want: ending("in 6 days", "2026-11-29")},
		"the day before":       {exceptions: until("2026-11-24"), want: ending("tomorrow", "2026-11-24")},
		"its last day":         {exceptions: until("2026-11-23"), want: ending("today", "2026-11-23")},
		"it is over":           {exceptions: until("2026-11-22"), want: refused},
		"nobody knows the day": {exceptions: until("2026-12-31"), unknownDay: true, want: refused},
		"another role":         {exceptions: []v1alpha1.Exception{exception(func(e *v1alpha1.Exception) { e.Roles = []string{"notebooks"} })}, want: refused},
		"another namespace":    {exceptions: []v1alpha1.Exception{exception(func(e *v1alpha1.Exception) { e.Namespaces = []string{"ml"} })}, want: refused},
		"another rule":         {exceptions: []v1alpha1.Exception{exception(func(e *v1alpha1.Exception) { e.Rules = []string{"node-name"} })}, want: refused},
		"more than it lifts": {exceptions: until("2026-12-31"), pod: pinned(), want: told{Verdict: "Denied", Refused: all, Warnings: []string{
			`exception "old-images" lifts run-as-root, but not node-name: exceptions do not combine`}}},
		"two that do not combine": {exceptions: append(until("2026-12-31"), exception(func(e *v1alpha1.Exception) {
			e.Name, e.Rules = "pins", []string{"node-name"}
		})), pod: pinned(), want: told{Verdict: "Denied", Refused: all, Warnings: []string{
			`exception "old-images" lifts run-as-root, but not node-name: exceptions do not combine`,
			`exception "pins" lifts node-name, but not run-as-root: exceptions do not combine`}}},
		"one for all of them": {exceptions: append(until("2026-12-31"), exception(func(e *v1alpha1.Exception) {
			e.Name, e.Rules = "pins", all
		})), pod: pinned(), want: told{Verdict: "Allowed", Excused: all, Exception: "pins"}},
		"content frees of nothing": {exceptions: []v1alpha1.Exception{exception(func(e *v1alpha1.Exception) { e.Roles = []string{"notebooks"} })}, pod: notebookByContent(),
			want: told{Verdict: "Denied", Refused: root, Warnings: []string{
				`exception "old-images" names role "notebooks", but not "services", which the pod was before content or an override moved it: both count`}}},
		"content and labels": {exceptions: []v1alpha1.Exception{exception(func(e *v1alpha1.Exception) { e.Roles = []string{"notebooks", "services"} })}, pod: notebookByContent(), want: lifted},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) { d.Spec.Exceptions = tc.exceptions })
			r := policy.Request{Namespace: "polyaxon", Pod: tc.pod, Today: today}
			if r.Pod == nil {
				r.Pod = rooted()
			}
			if tc.unknownDay {
				r.Today = 0
			}
			if diff := cmp.Diff(tc.want, tell(p.Review(r))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestAnExceptionLiftsNoMalformedOverride: it names rules.
func TestAnExceptionLiftsNoMalformedOverride(t *testing.T) {
	p := compile(t, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) { d.Spec.Exceptions = []v1alpha1.Exception{exception(nil)} })
	pod := with(rooted(), func(p *corev1.Pod) { p.Annotations = kv{"polymoat.io/node-pool": "core"} })
	d := p.Review(policy.Request{Namespace: "polyaxon", Pod: pod, Today: today})
	if d.Verdict != policy.Denied || len(d.Invalid) != 1 {
		t.Errorf("got %s with %v", d.Verdict, d.Invalid)
	}
}

// TestShadow: what would be changed is said and not done, and the pod is judged as if it had been.
func TestShadow(t *testing.T) {
	for name, tc := range map[string]struct {
		shadow []v1alpha1.Scope
		pod    *corev1.Pod
		want   bool
	}{
		"all of them":                {[]v1alpha1.Scope{{}}, job(), true},
		"its role":                   {[]v1alpha1.Scope{{Roles: []string{"jobs"}}}, job(), true},
		"another role":               {[]v1alpha1.Scope{{Roles: []string{"builds"}}}, job(), false},
		"another namespace":          {[]v1alpha1.Scope{{Namespaces: []string{"ml"}}}, job(), false},
		"the role of its content":    {[]v1alpha1.Scope{{Roles: []string{"notebooks"}}}, notebookByContent(), false},
		"both of its roles, in two":  {[]v1alpha1.Scope{{Roles: []string{"notebooks"}}, {Roles: []string{"services"}}}, notebookByContent(), true},
		"nothing of it is in shadow": {nil, job(), false},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) { d.Spec.Shadow = tc.shadow })
			r := policy.Request{Namespace: "polyaxon", Pod: tc.pod}
			got, plain := p.Mutate(r), compile(t, v1alpha1.Default()).Mutate(r)
			if got.Shadow != tc.want || (got.Pod == nil) != tc.want {
				t.Errorf("shadow %v, pod %v", got.Shadow, got.Pod)
			}
			if diff := cmp.Diff(plain.Changes, got.Changes); diff != "" {
				t.Errorf("changes (-as applied +got):\n%s", diff)
			}
			if diff := cmp.Diff(compile(t, v1alpha1.Default()).Review(r).Violations, p.Review(r).Violations, fields); diff != "" {
				t.Errorf("violations (-as applied +got):\n%s", diff)
			}
		})
	}
}

// TestRuleIDs: policies name rules by what is implemented, in its order.
func TestRuleIDs(t *testing.T) {
	var ids []string
	for _, r := range policy.Rules() {
		ids = append(ids, r.ID)
	}
	if diff := cmp.Diff(append(ids, policy.RuleBinding), v1alpha1.RuleIDs); diff != "" {
		t.Errorf("RuleIDs in internal/api/v1alpha1/rollout.go must have the rules of rules.go, in their order (-rules +RuleIDs):\n%s", diff)
	}
}

// TestModesOnlyLoosen: whatever the corpus holds, with every rule in mode Audit nothing is refused but malformed
// overrides, and the same violations are found.
func TestModesOnlyLoosen(t *testing.T) {
	cases, err := corpus.Cases()
	if err != nil {
		t.Fatal(err)
	}
	enforcing := compile(t, v1alpha1.Default())
	auditing := compile(t, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) { d.Spec.Modes = []v1alpha1.RuleMode{{Mode: v1alpha1.Audit}} })
	for _, tc := range cases {
		t.Run(tc.Name, func(t *testing.T) {
			r, err := tc.Request()
			if err != nil {
				t.Fatal(err)
			}
			was, is := enforcing.Review(r), auditing.Review(r)
			if len(is.Violations) > 0 || (is.Verdict == policy.Denied) != (len(was.Invalid) > 0) {
				t.Errorf("%s for %v", is.Verdict, is.Violations)
			}
			if diff := cmp.Diff(was.Violations, is.Audited, fields); diff != "" {
				t.Errorf("violations (-enforced +audited):\n%s", diff)
			}
		})
	}
}
