package picture_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/picture"
	"github.com/polymoat/polymoat/internal/picture/picturetest"
)

var update = flag.Bool("update", false, "rewrite the expected drawings in testdata; then read the difference")

// TestText draws clusters of several sizes on terminals of several widths: testdata shows what people see.
func TestText(t *testing.T) {
	for name, tc := range map[string]struct {
		drawn   *picture.Map
		options picture.Options
	}{
		"6-nodes-80":         {picturetest.Cluster(6), picture.Options{Width: 80}},
		"6-nodes-80-ascii":   {picturetest.Spoil(picturetest.Cluster(6)), picture.Options{Width: 80, ASCII: true}},
		"6-nodes-120-colour": {picturetest.Spoil(picturetest.Cluster(6)), picture.Options{Width: 120, Colour: true}},
		"6-nodes-24":         {picturetest.Cluster(6), picture.Options{Width: 24}},
		"300-nodes-120":      {picturetest.Spoil(picturetest.Cluster(300)), picture.Options{Width: 120}},
		"300-nodes-200":      {picturetest.Spoil(picturetest.Cluster(300)), picture.Options{Width: 200}},
		"5000-nodes-80":      {picturetest.Spoil(picturetest.Cluster(5000)), picture.Options{Width: 80}},
		"5000-nodes-200":     {picturetest.Spoil(picturetest.Cluster(5000)), picture.Options{Width: 200}},
		"long-names-80":      {longNames(), picture.Options{Width: 80}},
	} {
		t.Run(name, func(t *testing.T) {
			got := picture.Text(tc.drawn, tc.options)
			file := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("drawing (-want +got):\n%s", diff)
			}
			checkLines(t, got, tc.options)
		})
	}
}

// checkLines holds that nothing is wider than the terminal but a word that is, and that ASCII is ASCII.
func checkLines(t *testing.T, text string, o picture.Options) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if utf8.RuneCountInString(line) > o.Width && !o.Colour && len(strings.Fields(line)) > 1 {
			t.Errorf("wider than %d: %q", o.Width, line)
		}
		if o.ASCII && utf8.RuneCountInString(line) != len(line) {
			t.Errorf("not ASCII: %q", line)
		}
	}
}

// longNames are nodes as clouds call them, a pool of two labels' length, and a box with more pods than letters fit.
func longNames() *picture.Map {
	m := picturetest.Cluster(6)
	m.Pools[1].Name, m.Pools[1].Label = "experiments-with-large-gpus", "cloud.example.com/gke-nodepool=experiments-with-large-gpus"
	nodes := m.Pools[1].Nodes
	for i := range nodes {
		nodes[i].Name = fmt.Sprintf("ip-10-0-%d-17.eu-central-1.compute.internal", i)
		nodes[i].Notes = []string{"cordoned", "not ready"}
	}
	for i := range 100 {
		nodes[0].Pods = append(nodes[0].Pods, picture.Pod{Namespace: "polyaxon", Name: fmt.Sprint("sweep-", i), Role: "gpu-jobs"})
	}
	m.Sort()
	return m
}
