package siege

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

// TestRunsApart: the policy that README.md shows loads, governs both namespaces, tells all nodes by a label that no kubelet
// may write, and trusts no account that somebody could make in the namespace of the runs.
func TestRunsApart(t *testing.T) {
	text, err := os.ReadFile("runs-apart.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := v1alpha1.Load("runs-apart.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := policy.New(p); err != nil {
		t.Fatal(err)
	}
	if want := []string{"polyaxon", "polyaxon-runs"}; !slices.Equal(p.Spec.Namespaces, want) {
		t.Errorf("it governs %q, want %q", p.Spec.Namespaces, want)
	}
	if len(p.Spec.Requesters) > 0 {
		t.Errorf("it trusts %q", p.Spec.Requesters)
	}
	for _, pool := range p.Spec.NodePools {
		if !strings.HasPrefix(pool.NodeLabel.Key, "node-restriction.kubernetes.io/") {
			t.Errorf("a kubelet may write the label of node pool %q", pool.Name)
		}
	}
	if !p.Spec.NodePools[0].Protected {
		t.Error("core's nodes are not protected")
	}
}
