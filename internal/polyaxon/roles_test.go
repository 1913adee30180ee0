package polyaxon

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// TestRoles holds that every known role is described, in the order of the documentation.
func TestRoles(t *testing.T) {
	var got []string
	for _, role := range Roles {
		got = append(got, role.Name)
		if role.Doc == "" || role.Marks == "" {
			t.Errorf("role %q: say what it is and by which marks it is told", role.Name)
		}
	}
	if diff := cmp.Diff(v1alpha1.KnownRoles, got); diff != "" {
		t.Errorf("described roles (-want +got):\n%s", diff)
	}
}
