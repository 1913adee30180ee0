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
	"time"

	"github.com/polymoat/polymoat/e2e"
	"github.com/polymoat/polymoat/e2e/binaries"
	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/e2e/progress"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// command is what the program does; root is the repository's.
type command func(ctx context.Context, root string, out io.Writer) error

// commands are those that take no arguments.
var commands = map[string]command{
	"build": func(ctx context.Context, root string, out io.Writer) error {
		_, _, err := build(ctx, root, out)
		return err
	},
	"demo": tour,
	"down": down,
}

// playground is what a cluster is started with.
type playground struct {
	gates string // feature gates: "GenericWorkload=true"; empty for the defaults
	twin  bool   // the native twin of the built-in policy in the place of polymoat
}

// playgrounds are the commands that take feature gates, and "twin".
var playgrounds = map[string]func(playground) command{
	"up":    up,
	"keep":  keep, // what up leaves running
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
	if len(args) == 1 && commands[args[0]] != nil {
		return commands[args[0]], nil
	}
	if len(args) > 0 && playgrounds[args[0]] != nil {
		p, rest := playground{}, args[1:]
		if n := len(rest); n > 0 && rest[n-1] == "twin" {
			p.twin, rest = true, rest[:n-1]
		}
		if len(rest) == 1 {
			p.gates, rest = rest[0], nil
		}
		if len(rest) == 0 {
			return playgrounds[args[0]](p), checkGates(p.gates)
		}
	}
	return nil, errors.New("usage: go run ./e2e/demo build|demo|down, or up|siege [GATES] [twin]")
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

// start builds what is missing, and runs a control plane with polymoat or its twin installed. Its files go to dir.
func start(ctx context.Context, root, dir string, p playground, out io.Writer) (*cluster.Cluster, error) {
	set, server, err := build(ctx, root, out)
	if err != nil {
		return nil, err
	}
	stop := progress.Watch(out, "starting the control plane", 10*time.Second)
	options := cluster.Options{Binaries: set, Dir: dir, Gates: p.gates}
	if p.twin {
		options.Needs = cluster.Twin
	}
	c, err := cluster.Start(ctx, options)
	stop()
	if err != nil {
		return nil, err
	}
	if p.twin {
		err = e2e.InstallTwin(c, v1alpha1.Default())
	} else {
		err = c.Install(cluster.Polymoat{Binary: server, Manifests: filepath.Join(root, "manifests", "install.yaml")})
	}
	if err != nil {
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
	stop := progress.Watch(out, "polymoat", time.Minute)
	server, err := binaries.Polymoat(ctx, root)
	stop()
	return set, server, err
}
