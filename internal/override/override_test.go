package override_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/override"
)

// TestDocumented names the override about which the documentation would say nothing.
func TestDocumented(t *testing.T) {
	for _, o := range override.All() {
		if o.Name == "" || o.Doc == "" || o.Example == "" {
			t.Errorf("override %q: say in its Doc what it asks for, and give an example", o.Name)
		}
	}
}

// TestAllIsACopy: nobody takes an override out of the list for all.
func TestAllIsACopy(t *testing.T) {
	first := override.All()[0].Name
	override.All()[0] = override.Override{}
	if got := override.All()[0].Name; got != first {
		t.Errorf("got %q, want %q", got, first)
	}
}

func TestBounds(t *testing.T) {
	all := &v1alpha1.Overrides{
		Roles: []string{"notebooks"}, NodePools: []string{"gpu", "builds"},
		NodeSelectorKeys: []string{"disk", "zone"}, TolerationKeys: []string{"spot"},
		RunAsUser: &v1alpha1.IDRange{Min: 1000, Max: 1999}, RunAsGroup: &v1alpha1.IDRange{Min: 1, Max: 2},
		FSGroup: &v1alpha1.IDRange{Min: 3, Max: 4},
	}
	want := []string{
		"notebooks", "gpu, builds", "disk, zone with any value", "spot with any value", "1000 to 1999", "1 to 2", "3 to 4",
	}
	var got []string
	for _, o := range override.All() {
		got = append(got, o.Bounds(all))
		if none := o.Bounds(&v1alpha1.Overrides{}); none != "" {
			t.Errorf("%s: a role without overrides accepts %q", o.Name, none)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("bounds (-want +got):\n%s", diff)
	}
}
