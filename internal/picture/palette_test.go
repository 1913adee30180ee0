package picture

import (
	"math"
	"reflect"
	"strconv"
	"testing"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// contrast is the contrast ratio of two colours, as WCAG 2.2 defines it.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(hex[1:], 16, 24)
	if err != nil || len(hex) != 7 {
		t.Fatalf("%q is no colour", hex)
	}
	part := func(shift int) float64 {
		c := float64(n>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*part(16) + 0.7152*part(8) + 0.0722*part(0)
}

// Everybody can read the page in both schemes: text has a contrast of 4.5 and more, what is no text one of 3 (WCAG AA).
func TestContrast(t *testing.T) {
	for name, s := range map[string]scheme{"light": light, "dark": dark} {
		of := func(c colour) string { return c.Light }
		if name == "dark" {
			of = func(c colour) string { return c.Dark }
		}
		check := func(what, front, back string, least float64) {
			t.Helper()
			if got := contrast(t, front, back); got < least {
				t.Errorf("%s: %s has a contrast of %.2f, want %.1f", name, what, got, least)
			}
		}
		for _, back := range []string{s.Page, s.Panel} {
			check("text", s.Text, back, 4.5)
			check("muted text", s.Muted, back, 4.5)
			check("a link", s.Focus, back, 4.5)
			check("a reason", s.Bad, back, 4.5)
			check("the edge of a control", s.Control, back, 3)
			check("the letter of a pod that is not governed", of(noneColour), back, 4.5)
		}
		for i, c := range palette {
			check("the letter of role "+strconv.Itoa(i), s.Page, of(c), 4.5)
			check("the cell of role "+strconv.Itoa(i), of(c), s.Panel, 3)
		}
		check("the letter of a marked pod", s.Page, s.Bad, 4.5)
		for _, back := range []string{s.GoodPanel, s.BadPanel} {
			check("the verdict", s.Text, back, 4.5)
		}
		check("the sign of a good verdict", s.Good, s.GoodPanel, 3)
		check("the sign of a bad verdict", s.Bad, s.BadPanel, 3)
	}
}

// No two roles look alike: each known one has a letter and a colour of its own, and keeps them in every cluster.
func TestRolesAreToldApart(t *testing.T) {
	if own := len(palette) - len(v1alpha1.KnownRoles); own < 1 {
		t.Fatalf("the palette has %d colours for roles of a policy, want at least one", own)
	}
	var pods []Pod
	for _, name := range append([]string{"", "gpu-jobs", "great", "zebra"}, v1alpha1.KnownRoles...) {
		pods = append(pods, Pod{Role: name})
	}
	rs := newRoles(&Map{Waiting: pods})
	letters, names := "", ""
	for _, r := range rs.list {
		letters += r.Letter
		names += r.Title() + " "
	}
	const wantNames = "core experiments jobs builds notebooks tensorboards services distributed helpers other gpu-jobs great zebra not governed "
	if letters != "CEJBNTSDHOGRZ-" || names != wantNames {
		t.Errorf("letters %q of %q, want %q of %q", letters, names, "CEJBNTSDHOGRZ-", wantNames)
	}
	seen := map[string]string{}
	for i, c := range palette {
		for _, of := range []string{c.Light, c.Dark} {
			if other := seen[of]; other != "" {
				t.Errorf("colour %s of %d is that of %s, too", of, i, other)
			}
			seen[of] = strconv.Itoa(i)
		}
	}
	alone := newRoles(&Map{Waiting: []Pod{{Role: v1alpha1.RoleJobs}}}).list[0]
	if among := rs.of(Pod{Role: v1alpha1.RoleJobs}); alone.Letter != among.Letter || alone.Class() != among.Class() {
		t.Errorf("jobs alone are %s %s, among others %s %s", alone.Letter, alone.Class(), among.Letter, among.Class())
	}
	if !reflect.DeepEqual(rs.of(Pod{}).terminal(), noneColour.terminal) || rs.of(Pod{}).Class() != "role-none" {
		t.Error("pods that are not governed have a colour of a role")
	}
}
