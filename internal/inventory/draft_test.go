package inventory_test

import (
	"cmp"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/corpus"
	"github.com/polymoat/polymoat/internal/inventory"
	"github.com/polymoat/polymoat/internal/manifest"
	"github.com/polymoat/polymoat/internal/policy"
)

var update = flag.Bool("update", false, "rewrite the policies in testdata; then read the difference")

// described are clusters as the documents of their clouds describe their nodes.
var described = []string{"eks-karpenter", "gke", "aks", "openshift", "kubeadm"}

func TestDraft(t *testing.T) {
	for _, name := range described {
		t.Run(name, func(t *testing.T) {
			got := inventory.Draft(clusterOf(t, name), inventory.Wishes{})
			golden := filepath.Join("testdata", name+".policy")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(string(want), got); diff != "" {
				t.Errorf("policy (-want +got):\n%s", diff)
			}
			strict(t, got)
		})
	}
}

func TestDraftByWishes(t *testing.T) {
	got := inventory.Draft(inventory.Cluster{}, inventory.Wishes{Release: "plx", Namespaces: []string{"a", "b"}})
	p := strict(t, got)[0].Policy
	if p.Spec.Release != "plx" || !gocmp.Equal(p.Spec.Namespaces, []string{"a", "b"}) {
		t.Errorf("release %q in %q", p.Spec.Release, p.Spec.Namespaces)
	}
	got = inventory.Draft(inventory.Cluster{}, inventory.Wishes{PoolLabel: "workload", Core: "system"})
	if pool := strict(t, got)[0].Policy.Spec.NodePools[0]; pool.NodeLabel.String() != "workload=system" || !pool.Protected {
		t.Errorf("the first pool is %+v", pool)
	}
	got = inventory.Draft(clusterOf(t, "gke"), inventory.Wishes{PoolLabel: "cloud.google.com/gke-nodepool", Core: "web"})
	if pool := strict(t, got)[0].Policy.Spec.NodePools[0]; pool.NodeLabel.Value != "web" || !pool.Protected || len(pool.Taints) != 1 {
		t.Errorf("the first pool is %+v", pool)
	}
}

// TestDraftsPlaceTheCorpus: what the built-in policy lets in with the role that it has, a draft does, too. Left out are pods
// that name nodes, node pools or ids as the built-in policy calls them, and those of other policies.
func TestDraftsPlaceTheCorpus(t *testing.T) {
	cases, err := corpus.Cases()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range described {
		t.Run(name, func(t *testing.T) {
			p, pools := forCorpus(t, name)
			compared := 0
			for _, c := range cases {
				if c.PolicyName != corpus.DefaultPolicy || c.Out == "" || ownWords(c.In) {
					continue
				}
				compared++
				got, err := c.Decide(p)
				if err != nil || got.Deny != "" || got.Role != c.Role {
					t.Errorf("%s: role %q, want %q: %s %v", c.Name, got.Role, c.Role, got.Deny, err)
				}
				if !placedAlike(c.Out, got.Out, pools) {
					t.Errorf("%s: is on other nodes than the built-in policy means\n%s", c.Name, got.Out)
				}
			}
			if compared < 50 {
				t.Errorf("only %d cases were compared", compared)
			}
		})
	}
}

// ownWords holds for pods that speak of the built-in policy's own nodes or of ids outside of what a draft may take.
func ownWords(pod string) bool {
	for _, word := range []string{"polyaxon: core", "polyaxon: experiments", "polyaxon: builds", "key: polyaxon", "polymoat.io/", "runAsUser", "fsGroup", "runAsGroup"} {
		if strings.Contains(pod, word) {
			return true
		}
	}
	return false
}

// placedAlike says whether a pod selects the core nodes of a draft where it selects those of the built-in policy, and
// nodes of runs where it selects any others.
func placedAlike(builtIn, drafted string, pools []v1alpha1.NodePool) bool {
	selects := func(core bool) bool {
		return slices.ContainsFunc(pools, func(p v1alpha1.NodePool) bool {
			value := cmp.Or(p.NodeLabel.Value, `""`)
			return p.Protected == core && strings.Contains(drafted, "nodeSelector:\n    "+p.NodeLabel.Key+": "+value+"\n")
		})
	}
	const builtInSelects = "nodeSelector:\n    polyaxon: "
	switch {
	case strings.Contains(builtIn, builtInSelects+"core\n"):
		return selects(true)
	case strings.Contains(builtIn, builtInSelects):
		return selects(false)
	}
	return !selects(true)
}

// forCorpus is the draft for a cluster with the installation that the corpus has, and its node pools.
func forCorpus(t *testing.T, name string) (*policy.Policy, []v1alpha1.NodePool) {
	t.Helper()
	c := clusterOf(t, name)
	c.Workloads = nil
	file := strict(t, inventory.Draft(c, inventory.Wishes{}))[0]
	p, err := policy.New(file.Policy)
	if err != nil {
		t.Fatal(err)
	}
	return p, file.Policy.Spec.NodePools
}

// strict loads the documents of a draft as `policy validate --strict` does.
func strict(t *testing.T, draft string) []v1alpha1.File {
	t.Helper()
	var files []v1alpha1.File
	for doc := range strings.SplitSeq(draft, "---\n") {
		p, err := v1alpha1.Load("draft", []byte(doc))
		if err != nil {
			t.Fatalf("%v\n%s", err, doc)
		}
		if len(p.Doubts) > 0 {
			t.Errorf("%s\n%s", strings.Join(p.Doubts, "\n"), doc)
		}
		files = append(files, v1alpha1.File{Name: "draft " + p.Metadata.Name, Policy: p})
	}
	if err := v1alpha1.ValidateSet(files); err != nil {
		t.Error(err)
	}
	return files
}

func clusterOf(t *testing.T, name string) inventory.Cluster {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }() // nothing was written
	objects, err := manifest.Read(name, file)
	if err != nil {
		t.Fatal(err)
	}
	var c inventory.Cluster
	for _, o := range objects {
		if known, err := c.Add(o.Raw); err != nil || !known {
			t.Fatalf("%s: %t, %v", o.Place(), known, err)
		}
	}
	return c
}
