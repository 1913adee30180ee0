package webhook

import (
	"cmp"
	"log/slog"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/policy"
)

// TestGroups: a group of pods may have no priority that is not below core, wherever its object says it, and whoever its
// pods are.
func TestGroups(t *testing.T) {
	const above = ` is "urgent", whose value 2000000 is not below core's lowest priority, 1000000; ` +
		"remove it or name a class of a lower value"
	group := func(class string) string {
		return `{"apiVersion":"scheduling.k8s.io/v1beta1","kind":"PodGroup","metadata":{"name":"g"},"spec":{"schedulingPolicy":{"basic":{}},"priorityClassName":"` + class + `"}}`
	}
	nested := `{"apiVersion":"scheduling.k8s.io/v1alpha3","kind":"Workload","metadata":{"name":"w"},"spec":{"podGroupTemplates":[{"name":"a","priorityClassName":"batch"}],
		"compositePodGroupTemplates":[{"name":"b","podGroupTemplates":[{"name":"c","priorityClassName":"urgent"}]}]}}`
	for name, tc := range map[string]struct {
		resource, object, old, user string
		unknown                     bool
		want                        string
	}{
		"below core": {resource: "podgroups", object: group("batch")},
		"above core": {resource: "podgroups", object: group("urgent"), want: `podgroups.scheduling.k8s.io "g": spec.priorityClassName` + above + ` [priority-class]`},
		"a group of groups": {resource: "compositepodgroups", object: strings.Replace(group("urgent"), `"PodGroup"`, `"CompositePodGroup"`, 1),
			want: `compositepodgroups.scheduling.k8s.io "g": spec.priorityClassName` + above + ` [priority-class]`},
		"inside a Workload": {resource: "workloads", object: nested,
			want: `workloads.scheduling.k8s.io "w": spec.compositePodGroupTemplates[0].podGroupTemplates[0].priorityClassName` + above + ` [priority-class]`},
		"above core, and by itself evicts nobody": {resource: "podgroups", object: group("patient"), want: `podgroups.scheduling.k8s.io "g": ` +
			`spec.priorityClassName is "patient", whose value 2000000 is not below core's lowest priority, 1000000; remove it or name a class of a lower value [priority-class]`},
		"it was there":             {resource: "podgroups", object: group("urgent"), old: group("urgent")},
		"no class":                 {resource: "podgroups", object: `{"apiVersion":"scheduling.k8s.io/v1beta1","kind":"PodGroup","metadata":{"name":"g"},"spec":{}}`},
		"who is trusted with core": {resource: "podgroups", object: group("urgent"), user: `"username":"admin","groups":["system:masters"]`},
		"nothing is known yet": {resource: "podgroups", object: group("batch"), unknown: true,
			want: `podgroups.scheduling.k8s.io "g": spec.priorityClassName is "batch", and polymoat does not know the cluster's priorities yet; remove it, or try again [priority-class]`},
	} {
		t.Run(name, func(t *testing.T) {
			policies, err := LoadPolicies("")
			if err != nil {
				t.Fatal(err)
			}
			log := slog.New(slog.DiscardHandler)
			known := &policy.Priorities{Lowest: new(int32(1_000_000)), Classes: map[string]policy.PriorityClass{
				"batch": {Value: 1000}, "urgent": {Value: 2_000_000}, "patient": {Value: 2_000_000, Never: true},
			}}
			if tc.unknown {
				known = nil
			}
			d := &decider{
				policy: policies.compiled, log: log, today: utcToday, known: func() *policy.Priorities { return known },
			}
			mux := newMux(parts{decider: d, metrics: newMetrics(nil), log: log})
			operation, user := `"operation":"CREATE"`, cmp.Or(tc.user, `"username":"tenant"`)
			if tc.old != "" {
				operation = `"operation":"UPDATE","oldObject":` + tc.old
			}
			answer := post(t, mux, "/workloads", []byte(reviewOf(`{"uid":"u-1","namespace":"polyaxon","resource":{"group":"scheduling.k8s.io","resource":"`+
				tc.resource+`"},"userInfo":{`+user+`},"object":`+tc.object+`,`+operation+`}`))).Response
			if diff := gocmp.Diff(tc.want, refusal(answer)); diff != "" {
				t.Errorf("refusal (-want +got):\n%s", diff)
			}
		})
	}
}
