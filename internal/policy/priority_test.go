package policy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

// priorities are those of a cluster with the chart's PriorityClass, in which core was restarted.
func priorities() *policy.Priorities {
	return &policy.Priorities{Lowest: new(int32(1_000_000)), GroupsReviewed: true, Classes: map[string]policy.PriorityClass{
		"polyaxon-core": {Value: 1_000_000},
		"batch":         {Value: 1000},
		"urgent":        {Value: 2_000_000},
		"patient":       {Value: 2_000_000, Never: true},
	}}
}

func admitted(role string, known *policy.Priorities, change func(*corev1.Pod)) policy.Request {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "pod", Labels: map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"}}}
	if role != v1alpha1.RoleCore {
		pod.Labels = map[string]string{"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-jobs"}
	}
	pod.Spec.Containers = []corev1.Container{{Name: "main", Image: "busybox"}}
	// What the API server writes into every pod, before webhooks are asked.
	pod.Spec.Priority, pod.Spec.PreemptionPolicy = new(int32(0)), ptr.To(corev1.PreemptLowerPriority)
	change(pod)
	return policy.Request{Namespace: "polyaxon", Pod: pod, Trust: policy.Trusted, Priorities: known}
}

// TestCorePriority: core gets its class where the cluster has it, and the API server works the rest out anew.
func TestCorePriority(t *testing.T) {
	p := compile(t, v1alpha1.Default())
	none := func(*corev1.Pod) {}
	for name, tc := range map[string]struct {
		role   string
		known  *policy.Priorities
		change func(*corev1.Pod)
		want   string // the class, where it is set
	}{
		"core":                     {"core", priorities(), none, "polyaxon-core"},
		"of a class":               {"core", priorities(), func(p *corev1.Pod) { p.Spec.PriorityClassName = "batch" }, ""},
		"of the cluster's default": {"core", withDefault(priorities(), "batch"), func(p *corev1.Pod) { p.Spec.PriorityClassName = "batch" }, "polyaxon-core"},
		"in a group, whose pods must have its priority": {"core", priorities(), func(p *corev1.Pod) {
			p.Spec.SchedulingGroup = &corev1.PodSchedulingGroup{PodGroupName: new("hook")}
		}, ""},
		"of a DaemonSet": {"core", priorities(), func(p *corev1.Pod) {
			p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "DaemonSet", Name: "d", UID: "d-1", Controller: new(true)}}
		}, "polyaxon-core"},
		"not all of core's pods can be looked at": {"core", &policy.Priorities{Unlisted: true, Classes: priorities().Classes}, none, "polyaxon-core"},
		"no cluster":    {"core", nil, none, ""},
		"no such class": {"core", &policy.Priorities{}, none, ""},
		"a run":         {"jobs", priorities(), none, ""},
	} {
		r := admitted(tc.role, tc.known, tc.change)
		before := r.Pod.DeepCopy()
		got := p.Mutate(r).Pod
		if diff := cmp.Diff(before, r.Pod); diff != "" {
			t.Errorf("%s: the request's pod was changed (-before +after):\n%s", name, diff)
		}
		switch {
		case tc.want == "" && got != nil && (got.Spec.PriorityClassName != before.Spec.PriorityClassName || got.Spec.Priority == nil):
			t.Errorf("%s: class %q and priority %v", name, got.Spec.PriorityClassName, got.Spec.Priority)
		case tc.want != "" && (got == nil || got.Spec.PriorityClassName != tc.want || got.Spec.Priority != nil || got.Spec.PreemptionPolicy != nil):
			t.Errorf("%s: %+v, not %q alone", name, got, tc.want)
		}
	}
}

// TestCorePriorityChanges: what was changed, as people read it.
func TestCorePriorityChanges(t *testing.T) {
	var got []policy.Change
	for _, c := range compile(t, v1alpha1.Default()).Mutate(admitted("core", priorities(), func(*corev1.Pod) {})).Changes {
		if c.Source == policy.FromPolicy {
			got = append(got, c)
		}
	}
	want := []policy.Change{
		{Path: "spec.priorityClassName", New: "polyaxon-core", Source: policy.FromPolicy},
		{Path: "spec.priority", Old: int32(0), Source: policy.FromPolicy},
		{Path: "spec.preemptionPolicy", Old: corev1.PreemptLowerPriority, Source: policy.FromPolicy},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

// TestPriorityOverCore: a run may name no class that is not below core's lowest priority.
func TestPriorityOverCore(t *testing.T) {
	p := compile(t, v1alpha1.Default())
	named := func(class string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Spec.PriorityClassName, p.Spec.Priority, p.Spec.PreemptionPolicy = class, nil, nil
		}
	}
	old := priorities()
	old.Lowest = new(int32(0))
	none := priorities()
	none.Lowest = nil
	unclassed := &policy.Priorities{Classes: map[string]policy.PriorityClass{"batch": {Value: 1000}}}
	const fix = "remove it or name a class of a lower value, or of preemptionPolicy Never"
	for name, tc := range map[string]struct {
		known *policy.Priorities
		class string
		want  string
	}{
		"below core":              {priorities(), "batch", ""},
		"above core":              {priorities(), "urgent", `spec.priorityClassName is "urgent", whose value 2000000 is not below core's lowest priority, 1000000; ` + fix},
		"as core":                 {priorities(), "polyaxon-core", `spec.priorityClassName is "polyaxon-core", whose value 1000000 is not below core's lowest priority, 1000000; ` + fix},
		"above, and never evicts": {priorities(), "patient", ""},
		"core was not restarted":  {old, "batch", `spec.priorityClassName is "batch", whose value 1000 is not below core's lowest priority, 0; ` + fix},
		"core does not run":       {none, "batch", ""},
		"core has no class":       {unclassed, "batch", `spec.priorityClassName is "batch", whose value 1000 is not below core's lowest priority, 0; ` + fix},
		"the cluster's default":   {withDefault(priorities(), "urgent"), "urgent", ""},
		"no class":                {old, "", ""},
		"no cluster":              {nil, "urgent", ""},
		"no such class":           {priorities(), "mine", ""}, // the API server refuses it
	} {
		got := broken(p.Validate(admitted("jobs", tc.known, named(tc.class))), "priority-class")
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if core := p.Validate(admitted("core", tc.known, named(tc.class))); core.Verdict != policy.Allowed {
			t.Errorf("%s: core is refused: %s", name, core.Sentence("pod"))
		}
	}
}

// TestResolvedPriority: what the API server resolved counts before a class that has changed since.
func TestResolvedPriority(t *testing.T) {
	p, known := compile(t, v1alpha1.Default()), priorities()
	r := admitted("jobs", known, func(p *corev1.Pod) {
		p.Spec.PriorityClassName, p.Spec.Priority = "batch", new(int32(3_000_000))
	})
	if broken(p.Validate(r), "priority-class") == "" {
		t.Error("a priority above core's is let through")
	}
	r.Pod.Spec.PreemptionPolicy = ptr.To(corev1.PreemptNever)
	if got := broken(p.Validate(r), "priority-class"); got != "" {
		t.Errorf("it evicts nobody, and is refused: %s", got)
	}
}

// broken is the violation of a rule, in its words; empty where there is none.
func broken(d policy.Decision, rule string) string {
	for _, v := range d.Violations {
		if v.Rule == rule {
			return strings.Replace(v.String(), " ["+v.Rule+"]", "", 1)
		}
	}
	return ""
}

func withDefault(known *policy.Priorities, name string) *policy.Priorities {
	class := known.Classes[name]
	class.Default = true
	known.Classes[name] = class
	return known
}
