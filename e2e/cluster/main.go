package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/polymoat/polymoat/e2e/binaries"
)

// Site is what the tests of one package share: a control plane, and what it was made of.
type Site struct {
	Control *Cluster
	// Root is the repository, Program the server of polymoat, Dir a folder that goes with the tests.
	Root, Program, Dir string
}

// Main runs the tests of a package in a control plane of their own, built where it is missing, and ends the process: it
// is all that a TestMain does. Of the options, what says where things lie is filled in; run begins when it is up. Where the
// version of Kubernetes lacks what they need, nothing runs, and a line names it; TestVersion of e2e says what happens there.
func Main(name string, o Options, run func(context.Context, Site) (code int, err error)) {
	code, err := within(name, o, run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func within(name string, o Options, run func(context.Context, Site) (int, error)) (code int, err error) {
	ctx, s := context.Background(), Site{}
	if s.Root, err = binaries.Root(); err != nil {
		return 0, err
	}
	if o.Binaries, err = binaries.Ensure(ctx, s.Root, os.Stderr); err != nil {
		return 0, err
	}
	if s.Program, err = binaries.Polymoat(ctx, s.Root); err != nil {
		return 0, err
	}
	if s.Dir, err = os.MkdirTemp("", "polymoat-"+name+"-"); err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(s.Dir) }()
	o.Dir = s.Dir
	s.Control, err = Start(ctx, o)
	if lacks := (*Lacks)(nil); errors.As(err, &lacks) {
		fmt.Fprintln(os.Stderr, "--- SKIP:", name+":", lacks)
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer s.Control.Stop()
	return run(ctx, s)
}
