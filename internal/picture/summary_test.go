package picture_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/picture"
)

// core is a map of one protected node with these pods.
func core(pods ...picture.Pod) *picture.Map {
	return &picture.Map{Pools: []picture.Pool{
		{Name: "core", Label: "polyaxon=core", Protected: true, Nodes: []picture.Node{{Name: "core-1", Pods: pods}}},
	}}
}

func pod(namespace, name, role string, mark picture.Mark) picture.Pod {
	return picture.Pod{Namespace: namespace, Name: name, Role: role, Mark: mark}
}

func TestSummary(t *testing.T) {
	api, stray := pod("polyaxon", "api", "core", ""), pod("polyaxon", "train", "jobs", picture.Misplaced)
	for name, tc := range map[string]struct {
		drawn *picture.Map
		alone bool
		want  string
	}{
		"core alone":                    {core(api), true, "Core is alone on its nodes."},
		"a protected node without pods": {core(), true, "Core is alone on its nodes."},
		"another role that the policy allows": {
			core(api, pod("polyaxon", "gateway", "edge", "")), true,
			"Core shares its nodes only with what the policy allows there: edge (1).",
		},
		"one that is not allowed there": {
			core(api, stray), false,
			"1 pod is on a protected node and is not allowed there: polyaxon/train on core-1.",
		},
		"four of them": {
			core(stray, stray, stray, stray), false,
			"4 pods are on protected nodes and are not allowed there: " + strings.Repeat("polyaxon/train on core-1, ", 3) + "polyaxon/train on core-1.",
		},
		"five of them": {
			core(stray, stray, stray, stray, stray), false,
			"5 pods are on protected nodes and are not allowed there: " + strings.Repeat("polyaxon/train on core-1, ", 2) +
				"polyaxon/train on core-1 and 2 more.",
		},
		"one that only says that it is core": {
			core(api, pod("polyaxon", "debug", "core", picture.Unproven)), false,
			"Core is alone on its nodes if all pods there are what they claim; nobody knows who created polyaxon/debug on core-1.",
		},
		"no protected node": {
			&picture.Map{Pools: []picture.Pool{
				{Name: "core", Label: "polyaxon=core", Protected: true}, {Name: "db", Label: "db=yes", Protected: true},
			}}, false,
			"No node is protected: none carries polyaxon=core or db=yes.",
		},
		"no protected pool": {&picture.Map{}, false, "No node is protected: the policy protects no node pool."},
	} {
		t.Run(name, func(t *testing.T) {
			got, alone := tc.drawn.Summary()
			if got != tc.want || alone != tc.alone {
				t.Errorf("summary %q, alone %t, want %q, %t", got, alone, tc.want, tc.alone)
			}
		})
	}
}

func TestRemarks(t *testing.T) {
	m := core(pod("kube-system", "proxy-1", "", ""), pod("kube-system", "proxy-2", "", ""), pod("web", "shop", "", ""))
	m.Waiting = []picture.Pod{pod("polyaxon", "train", "jobs", "")}
	m.Namespaces = []string{"polyaxon", "web"}
	want := []string{
		"On protected nodes there are also pods of namespaces that no policy governs, and static pods: kube-system (2), web (1).",
		"1 pod waits for a node.",
		`Only pods of "polyaxon", "web" were looked at: others may be there, too.`,
	}
	if diff := cmp.Diff(want, m.Remarks()); diff != "" {
		t.Errorf("remarks (-want +got):\n%s", diff)
	}
	m = core()
	m.Waiting = make([]picture.Pod, 1200)
	if diff := cmp.Diff([]string{"1,200 pods wait for a node."}, m.Remarks()); diff != "" {
		t.Errorf("remarks (-want +got):\n%s", diff)
	}
}

// Nodes are in the order in which people count.
func TestSort(t *testing.T) {
	var nodes []picture.Node
	want := []string{"a", "gpu-2-a", "gpu-2-b", "gpu-02", "gpu-10", "gpu-10-1", "gpu-b", "node"}
	for _, i := range []int{7, 4, 2, 0, 6, 1, 5, 3} {
		nodes = append(nodes, picture.Node{Name: want[i]})
	}
	m := &picture.Map{Pools: []picture.Pool{{Nodes: nodes}, {Name: "builds"}, {Name: "core", Protected: true}}}
	m.Sort()
	var got []string
	for _, n := range m.Pools[2].Nodes {
		got = append(got, n.Name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("nodes (-want +got):\n%s", diff)
	}
	if m.Pools[0].Name != "core" || m.Pools[1].Name != "builds" {
		t.Errorf("pools %q and %q come first, want core and builds", m.Pools[0].Name, m.Pools[1].Name)
	}
}
