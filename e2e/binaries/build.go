package binaries

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/polymoat/polymoat/e2e/progress"
)

// buildFlags are part of the cache's key. Debug information is not even compiled, since the linker would strip it: a
// program has the same size to the byte, and is built in less time.
var buildFlags = []string{"-trimpath", "-gcflags=all=-dwarf=false"}

// builder builds what is missing into dir, a folder of its own for one set of versions.
type builder struct {
	module, dir string // the nested module that pins versions, and where programs go
	kubernetes  string // the nested module that pins Kubernetes, where there is any: e2e/controlplane/1.36
	versions    versions
	out         io.Writer
}

// build builds the programs that are missing, one after the other: each uses all cores.
func (b builder) build(ctx context.Context) (Set, error) {
	for i, p := range programs {
		if isFile(b.locate(p)) {
			continue
		}
		title := fmt.Sprintf("[%d/%d] %s %s", i+1, len(programs), p.name, b.versions.of(p))
		if err := b.buildOne(ctx, title, p); err != nil {
			return Set{}, err
		}
	}
	if err := b.writeStages(ctx); err != nil {
		return Set{}, err
	}
	set, _ := b.find()
	return set, nil
}

// buildOne builds one program and renames it into place, so that a half-written one is never found.
func (b builder) buildOne(ctx context.Context, title string, p program) error {
	start := time.Now()
	fmt.Fprintf(b.out, "%s: building from its Go module\n", title)
	stop := progress.Watch(b.out, title, p.estimate)
	part := filepath.Join(b.dir, p.name+".part")
	module := b.module
	if p.module == kubernetesModule {
		module = b.kubernetes
	}
	_, err := goTool(ctx, module, append(append([]string{"build"}, buildFlags...), "-ldflags", b.ldflags(p), "-o", part, p.pkg)...)
	stop()
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "%s: built in %.0f s\n", title, time.Since(start).Seconds())
	return os.Rename(part, filepath.Join(b.dir, p.name))
}

// ldflags strip the program and, for Kubernetes, set the version: without it the API server calls itself v0.0.0.
func (b builder) ldflags(p program) string {
	flags := []string{"-s", "-w"}
	if p.module == kubernetesModule {
		part := strings.Split(b.versions.of(p), ".")
		for _, set := range []string{"gitVersion=" + b.versions[p.module], "gitMajor=" + part[0], "gitMinor=" + part[1], "gitTreeState=clean"} {
			flags = append(flags, "-X", "k8s.io/component-base/version."+set)
		}
	}
	return strings.Join(flags, " ")
}

// goTool runs the go command in a nested module and returns what it printed.
func goTool(ctx context.Context, dir string, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return strings.TrimSpace(stdout.String()), nil
}
