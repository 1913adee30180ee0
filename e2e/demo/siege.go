package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/polymoat/polymoat/e2e"
	"github.com/polymoat/polymoat/internal/siege"
)

// besiege is `make siege`. Its error says how many attacks on core are open.
func besiege(ctx context.Context, root string, out io.Writer) error {
	if err := os.MkdirAll(filepath.Join(root, ".cache"), 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(filepath.Join(root, ".cache"), "siege-")
	if err != nil {
		return err
	}
	c, err := start(ctx, root, dir, "", os.Stderr)
	if err != nil {
		return fmt.Errorf("%w\nlogs: %s", err, dir)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	defer c.Stop()
	workloads, beside, err := e2e.Besieged()
	if err != nil {
		return err
	}
	if _, err := e2e.Place(ctx, c, workloads); err != nil {
		return err
	}
	if err := c.Create(beside...); err != nil {
		return err
	}
	var tally siege.Tally
	err = e2e.Besiege(ctx, c, func(r siege.Result) {
		fmt.Fprintln(out, r)
		tally.Add(r)
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(out, tally)
	if tally.Open > 0 {
		return fmt.Errorf("%d attacks on core are open", tally.Open)
	}
	return nil
}
