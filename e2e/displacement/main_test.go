// Package displacement_test shows, with the real scheduler and groups of pods switched on, how a run has core deleted that
// it never lands near, and that polymoat and core's priority each put an end to it.
package displacement_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"github.com/polymoat/polymoat/e2e/cluster"
)

var (
	control *cluster.Cluster
	install cluster.Polymoat
	once    sync.Once
)

// installed installs polymoat, unless another test has.
func installed(t *testing.T) {
	t.Helper()
	once.Do(func() { must(t, control.Install(install)) })
}

func TestMain(m *testing.M) {
	cluster.Main("displacement", cluster.Options{Gates: "GenericWorkload=true", Needs: cluster.Groups}, func(_ context.Context, s cluster.Site) (int, error) {
		control = s.Control
		install = cluster.Polymoat{Binary: s.Program, Manifests: filepath.Join(s.Root, "manifests", "install.yaml")}
		return m.Run(), nil
	})
}
