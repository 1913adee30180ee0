package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// guide shows things, and collects what was not as it should be.
type guide struct {
	cluster *cluster.Cluster
	root    string
	out     io.Writer
	faults  []string
}

// tour is `make demo`. Its error says everything that was not as it should be.
func tour(ctx context.Context, root string, out io.Writer) error {
	began := time.Now()
	if err := os.MkdirAll(filepath.Join(root, ".cache"), 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(filepath.Join(root, ".cache"), "tour-")
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "Building what is missing, then starting a control plane ...")
	c, err := start(ctx, root, dir, playground{}, out)
	if err != nil {
		return fmt.Errorf("%w\nlogs: %s", err, dir)
	}
	defer c.Stop()
	g := &guide{cluster: c, root: root, out: out}
	for _, show := range []func(context.Context) error{g.showStart, g.showWorkloads, g.showAttempts, g.showOverrides, g.showDryRuns, g.showOutage} {
		if err := show(ctx); err != nil {
			return fmt.Errorf("%w\nlogs: %s", err, dir)
		}
	}
	if err := g.verdict(); err != nil {
		return fmt.Errorf("%w\nlogs: %s", err, dir)
	}
	g.title("Everything was as it should be (%.0f s). Stopping and cleaning up", time.Since(began).Seconds())
	fmt.Fprintln(out, "Try next, in the same cluster, with pods of your own: make up")
	c.Stop()
	return os.RemoveAll(dir)
}

// title begins a new part of the tour.
func (g *guide) title(format string, args ...any) {
	fmt.Fprintf(g.out, "\n== "+format+"\n", args...)
}

// fault notes what was not as it should be, and shows it.
func (g *guide) fault(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	g.faults = append(g.faults, text)
	fmt.Fprintln(g.out, "  WRONG:", text)
}

func (g *guide) verdict() error {
	var all []error
	for _, fault := range g.faults {
		all = append(all, errors.New(fault))
	}
	if all != nil {
		return fmt.Errorf("%d things were not as they should be:\n%w", len(all), errors.Join(all...))
	}
	return nil
}
