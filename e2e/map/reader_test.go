package pagemap_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/picture/picturetest"
)

// A screen reader is told where it is and what everything is called: landmarks, headings, and a name for each control.
func TestScreenReader(t *testing.T) {
	p := open(t, browser(t), picturetest.Spoil(picturetest.Cluster(6)))
	tree, err := chromedp.Run(p.ctx, func(ctx context.Context, t *chromedp.Target) (accessibility.GetFullAXTreeResult, error) {
		return cdp.Call(ctx, t, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, n := range tree.Nodes {
		if n.Ignored || n.Role == nil {
			continue
		}
		role, name := text(n.Role), text(n.Name)
		got[role] = append(got[role], name)
		if slices.Contains(controls, role) && name == "" {
			t.Errorf("a %s has no name", role)
		}
	}
	for role, want := range map[string][]string{
		"main": {""}, "banner": {""}, "contentinfo": {""}, "search": {"Filter the pods"}, "navigation": {"Node pools"},
		"searchbox": {"Text"}, "checkbox": {"Only what is wrong"}, "combobox": {"Namespace", "Role", "Owner", "Project"},
		"button": {"Clear", "core-1", "core-2", "experiments-1", "experiments-2", "builds-1", "shared-1", "polyaxon"},
		"heading": {
			"2 pods are on protected nodes and are not allowed there: polyaxon/plx-operation-01000000-main on core-1, " +
				"polyaxon/plx-operation-01000001-main on core-2.",
			"May not be there 2", "Say that they are core, and nobody knows who created them 1",
			"core protected", "core-1 8 pods", "core-2 9 pods", "experiments", "experiments-1 7 pods", "experiments-2 12 pods",
			"builds", "builds-1 3 pods", "In no node pool", "shared-1 4 pods", "Waiting for a node", "polyaxon 1 pod",
		},
	} {
		slices.Sort(want)
		slices.Sort(got[role]) // the tree is told level by level
		if diff := cmp.Diff(want, got[role]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", role, diff)
		}
	}
	if want := "1 jobs, 6 core, 2 not governed; something is wrong with 2"; !slices.Contains(got["StaticText"], want) {
		t.Errorf("no text says %q of core-2", want)
	}
}

// controls are what a user operates.
var controls = []string{"button", "link", "searchbox", "combobox", "checkbox"}

// text is a value of the accessibility tree, which is JSON; empty where there is none.
func text(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	var s string
	_ = json.Unmarshal(v.Value, &s)
	return strings.Join(strings.Fields(s), " ")
}
