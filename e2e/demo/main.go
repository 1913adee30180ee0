// Command demo shows polymoat in a real control plane on this machine: `demo` runs a tour and cleans up, `up` keeps the
// same cluster running for playing with kubectl, `down` stops it, `siege` tries every known attack on core, and `build` only
// builds what they need.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/polymoat/polymoat/e2e/binaries"
	"github.com/polymoat/polymoat/e2e/cluster"
)

// command is what the program does; root is the repository's.
type command func(ctx context.Context, root string, out io.Writer) error

// commands are those that need no feature gates.
var commands = map[string]command{
	"build": func(ctx context.Context, root string, out io.Writer) error {
		_, _, err := build(ctx, root, out)
		return err
	},
	"demo":  tour,
	"down":  down,
	"siege": besiege,
}

// gated are those that take feature gates as their argument: "GenericWorkload=true"; empty for the defaults.
var gated = map[string]func(gates string) command{
	"up":   up,
	"keep": keep, // what up leaves running
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
	do, err := parse(args)
	if err != nil {
		return err
	}
	root, err := binaries.Root()
	if err != nil {
		return err
	}
	return do(ctx, root, os.Stdout)
}

// parse finds the command that the arguments name.
func parse(args []string) (command, error) {
	switch {
	case len(args) == 1 && commands[args[0]] != nil:
		return commands[args[0]], nil
	case len(args) == 1 && gated[args[0]] != nil:
		return gated[args[0]](""), nil
	case len(args) == 2 && gated[args[0]] != nil:
		return gated[args[0]](args[1]), checkGates(args[1])
	}
	return nil, errors.New("usage: go run ./e2e/demo build|demo|up [GATES]|down|siege")
}

// gate is one feature gate with its value.
var gate = regexp.MustCompile(`^[A-Za-z0-9]+=(true|false)$`)

// checkGates says what is wrong with a list of feature gates; empty is the defaults. Which gates there are is for the API
// server to know.
func checkGates(gates string) error {
	if gates == "" {
		return nil
	}
	for one := range strings.SplitSeq(gates, ",") {
		if !gate.MatchString(one) {
			return fmt.Errorf("%q is no feature gate; write GATES=GenericWorkload=true, and several with commas between them", one)
		}
	}
	return nil
}

// start builds what is missing, and runs a control plane with these feature gates and polymoat installed. Its files go to
// dir.
func start(ctx context.Context, root, dir, gates string, out io.Writer) (*cluster.Cluster, error) {
	set, server, err := build(ctx, root, out)
	if err != nil {
		return nil, err
	}
	c, err := cluster.Start(ctx, cluster.Options{Binaries: set, Dir: dir, Gates: gates})
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
