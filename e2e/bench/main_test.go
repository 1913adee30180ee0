// Package bench_test measures what admission costs where people meet it: in the API server, and in the memory and the first
// second of the server. It has benchmarks only; without -bench no control plane is started.
package bench_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

var (
	// control is the control plane that the benchmarks share, without polymoat at first; site is what it is made of.
	control *cluster.Cluster
	site    cluster.Site

	serveFloor = flag.String("floor", "", "HOST:PORT: serve there as the floor, for the benchmark")
	floorDir   = flag.String("floor-dir", "", "folder of the certificate and of the patch for -floor")
)

func TestMain(m *testing.M) {
	flag.Parse()
	switch bench := flag.Lookup("test.bench"); {
	case *serveFloor != "":
		fmt.Fprintln(os.Stderr, floor(*serveFloor, *floorDir))
		os.Exit(1)
	case bench.Value.String() == "":
		os.Exit(m.Run())
	}
	cluster.Main("bench", cluster.Options{}, func(_ context.Context, s cluster.Site) (int, error) {
		control, site = s.Control, s
		return m.Run(), nil
	})
}

// shipped is the file of the manifests that people install.
func shipped() string { return filepath.Join(site.Root, "manifests", "install.yaml") }

// both is a namespace that polymoat and the native twin govern.
const both = "bench-both"

// install installs polymoat, once, for that namespace as well.
func install(b *testing.B) {
	b.Helper()
	if control.Installed().URL != "" {
		return
	}
	policy := filepath.Join(site.Dir, "policy.yaml")
	governed := []string{cluster.Namespace, both}
	if err := os.WriteFile(policy, []byte(policyFor(governed...)), 0o600); err != nil {
		b.Fatal(err)
	}
	if err := control.Install(cluster.Polymoat{Binary: site.Program, Policy: policy, Manifests: shipped(), Namespaces: governed}); err != nil {
		b.Fatal(err)
	}
}

// policyFor is the built-in policy for some namespaces.
func policyFor(namespaces ...string) string {
	return strings.Replace(v1alpha1.DefaultYAML, "namespaces: [polyaxon]", "namespaces: ["+strings.Join(namespaces, ", ")+"]", 1)
}
