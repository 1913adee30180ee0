package build

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestRead(t *testing.T) {
	installed := &debug.BuildInfo{Main: debug.Module{Version: "v0.1.0"}}
	checkout := &debug.BuildInfo{
		Main:     debug.Module{Version: "v0.0.0-20261123133028-79365e3a1b2c"},
		Settings: []debug.BuildSetting{{Key: "vcs", Value: "git"}, {Key: "vcs.revision", Value: "79365e3"}},
	}
	for name, tc := range map[string]struct {
		version, commit string
		info            *debug.BuildInfo
		want            string
	}{
		"the linker's word":                     {"v0.2.0", "561e2a3", checkout, "v0.2.0 (commit 561e2a3, "},
		"a checkout that the go command built":  {"", "", checkout, "v0.0.0-20261123133028-79365e3a1b2c (commit 79365e3, "},
		"go install, which has no checkout":     {"", "", installed, "v0.1.0 (commit unknown, "},
		"a binary that says nothing of itself":  {"", "", nil, "unknown (commit unknown, "},
		"a build outside of module and version": {"", "", &debug.BuildInfo{}, "unknown (commit unknown, "},
	} {
		t.Run(name, func(t *testing.T) {
			want := tc.want + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH + ")"
			if got := read(tc.version, tc.commit, tc.info).String(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}
