// Command demo shows polymoat in a real control plane on this machine: `demo` runs a tour and cleans up, `up` keeps the
// same cluster running for playing with kubectl, `down` stops it, `siege` tries every known attack on core, and `build` only
// builds what they need.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/polymoat/polymoat/e2e/binaries"
	"github.com/polymoat/polymoat/e2e/cluster"
)

// commands are what the program does: their first argument is the repository's root.
var commands = map[string]func(ctx context.Context, root string, out io.Writer) error{
	"build": func(ctx context.Context, root string, out io.Writer) error {
		_, _, err := build(ctx, root, out)
		return err
	},
	"demo":  tour,
	"up":    up,
	"keep":  keep, // what up leaves running
	"down":  down,
	"siege": besiege,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 1 || commands[args[0]] == nil {
		return fmt.Errorf("usage: go run ./e2e/demo build|demo|up|down|siege")
	}
	root, err := binaries.Root()
	if err != nil {
		return err
	}
	return commands[args[0]](ctx, root, os.Stdout)
}

// start builds what is missing, and runs a control plane with polymoat installed. Its files go to dir.
func start(ctx context.Context, root, dir string, out io.Writer) (*cluster.Cluster, error) {
	set, server, err := build(ctx, root, out)
	if err != nil {
		return nil, err
	}
	c, err := cluster.Start(ctx, cluster.Options{Binaries: set, Dir: dir})
	if err != nil {
		return nil, err
	}
	if err := c.Install(cluster.Polymoat{Binary: server, Manifests: filepath.Join(root, "manifests", "install.yaml")}); err != nil {
		c.Stop()
		return nil, err
	}
	return c, nil
}

// build builds the control plane and the server, where they are missing or stale.
func build(ctx context.Context, root string, out io.Writer) (binaries.Set, string, error) {
	set, err := binaries.Ensure(ctx, root, out)
	if err != nil {
		return set, "", err
	}
	server, err := binaries.Polymoat(ctx, root)
	return set, server, err
}
