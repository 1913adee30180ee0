package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// TestStrictest: whichever role is asked for, the pod gets the stricter of each: standard, identity and exceptions.
func TestStrictest(t *testing.T) {
	defaults, own := contexts{source: FromDefault}, contexts{source: FromRole}
	strict := &role{name: "strict", level: v1alpha1.Restricted, contexts: []contexts{own, defaults}, rootImages: []string{"a", "b"}}
	keeper := &role{name: "keeper", level: v1alpha1.Restricted, keeps: true, contexts: []contexts{own}}
	loose := &role{name: "loose", level: v1alpha1.Baseline, contexts: []contexts{own, defaults},
		rootImages: []string{"b"}, hostPaths: []v1alpha1.HostPath{{Path: "/data"}}}
	for name, tc := range map[string]struct {
		first, second *role
		want          string
		contexts      int
		images        []string
	}{
		"the first is stricter":          {strict, loose, "strict", 2, []string{"b"}},
		"the second is stricter":         {loose, strict, "strict", 2, []string{"b"}},
		"equals: the pod's own":          {strict, keeper, "strict", 2, nil},
		"the stricter keeps identities":  {loose, keeper, "keeper", 2, nil},
		"the pod's own keeps identities": {keeper, strict, "keeper", 2, nil},
		"both keep identities":           {keeper, keeper, "keeper", 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := strictest(tc.first, tc.second)
			if got.name != tc.want || got.level != v1alpha1.Restricted || len(got.hostPaths) != 0 {
				t.Errorf("got %s, held to %s, with host paths %v", got.name, got.level, got.hostPaths)
			}
			if got.keeps != (tc.first.keeps && tc.second.keeps) || len(got.contexts) != tc.contexts {
				t.Errorf("keeps %t, with %d contexts", got.keeps, len(got.contexts))
			}
			if diff := cmp.Diff(tc.images, append([]string(nil), got.rootImages...)); diff != "" {
				t.Errorf("root images (-want +got):\n%s", diff)
			}
		})
	}
}
