package e2e_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/e2e"
	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/siege"
)

// TestSiege holds against a tenant with full rights on the namespace, and says by what.
func TestSiege(t *testing.T) {
	workloads := besieged(t)
	var lines strings.Builder
	var tally siege.Tally
	err := e2e.Besiege(t.Context(), control, func(r siege.Result) {
		lines.WriteString(r.String() + "\n")
		tally.Add(r)
		if r.Verdict == siege.Open {
			t.Error(r)
		}
		if r.By == siege.RBAC && withinNamespace(r.Attack) {
			t.Errorf("the tenant has every right in the namespace, and yet RBAC holds %s", r)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	lines.WriteString(tally.String() + "\n")
	golden := "testdata/siege.txt"
	if *twin {
		golden = "testdata/siege-twin.txt"
	}
	if *update {
		if err := os.WriteFile(golden, []byte(lines.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), lines.String()); diff != "" {
		t.Errorf("siege (-want +got):\n%s", diff)
	}
	nothingButCore(t, workloads)
}

// withinNamespace tells whether all requests of the attack are about the governed namespace.
func withinNamespace(a siege.Attack) bool {
	return !slices.ContainsFunc(a.Requests, func(r siege.Request) bool {
		path := r.Create + r.Patch + r.Delete
		return strings.HasPrefix(path, "/") && !strings.Contains(path, "/namespaces/$namespace/")
	})
}

// nothingButCore names every pod on a core node that is not one of Polyaxon's own.
func nothingButCore(t *testing.T, workloads []e2e.Workload) {
	t.Helper()
	onCore, err := e2e.OnCore(t.Context(), as(t, cluster.Admin))
	if err != nil {
		t.Fatal(err)
	}
	for _, pod := range onCore {
		if !isCore(pod, workloads) {
			t.Errorf("pod %s runs on core node %s", pod.Name, pod.Spec.NodeName)
		}
	}
}
