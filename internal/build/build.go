// Package build says which polymoat this is: the server and the plugin of one checkout say the same.
package build

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version and commit are what the linker writes into a binary that make, the Dockerfile or a release built. Others, of
// `go build` and `go install`, know what the go command wrote there.
var version, commit string

const unknown = "unknown"

// Info is what a binary knows of its own making.
type Info struct {
	Version string // as git describes the checkout: "v0.1.0", between releases "v0.1.0-3-g79365e3", with changes "v0.1.0-dirty"
	Commit  string // all of its digits
	Go      string // "go1.26.8"
}

// Read returns what is known of the running binary, and "unknown" for the rest.
func Read() Info {
	info, _ := debug.ReadBuildInfo()
	return read(version, commit, info)
}

func read(version, commit string, info *debug.BuildInfo) Info {
	if info == nil {
		info = &debug.BuildInfo{}
	}
	revision := ""
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			revision = s.Value
		}
	}
	return Info{
		Version: cmp.Or(version, info.Main.Version, unknown),
		Commit:  cmp.Or(commit, revision, unknown),
		Go:      runtime.Version(),
	}
}

// String is "v0.1.0 (commit 79365e3d..., go1.26.8 linux/amd64)".
func (i Info) String() string {
	return fmt.Sprintf("%s (commit %s, %s %s/%s)", i.Version, i.Commit, i.Go, runtime.GOOS, runtime.GOARCH)
}
