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

// besiege is `make siege`. Its error says how many ways onto core nodes are open.
func besiege(ctx context.Context, root string, out io.Writer) error {
	if err := os.MkdirAll(filepath.Join(root, ".cache"), 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(filepath.Join(root, ".cache"), "siege-")
	if err != nil {
		return err
	}
	c, err := start(ctx, root, dir, os.Stderr)
	if err != nil {
		return fmt.Errorf("%w\nlogs: %s", err, dir)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	defer c.Stop()
	besieged, err := e2e.Besieged()
	if err != nil {
		return err
	}
	if _, err := e2e.Place(ctx, c, besieged); err != nil {
		return err
	}
	open := 0
	err = e2e.Besiege(ctx, c, func(r siege.Result) {
		fmt.Fprintln(out, r)
		if r.Verdict == siege.Open {
			open++
		}
	})
	if err == nil && open > 0 {
		err = fmt.Errorf("%d ways onto core nodes are open", open)
	}
	return err
}
