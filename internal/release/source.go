package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// source is a checkout, as git describes it.
type source struct {
	root    string
	version string    // "v0.1.0", "v0.1.0-3-g79365e3", "79365e3-dirty"
	commit  string    // all of its digits
	date    time.Time // of the commit: the only time that goes into what is made
}

// describe finds the checkout that a folder is in.
func describe(ctx context.Context, dir string) (source, error) {
	var s source
	var seconds string
	for _, ask := range []struct {
		answer *string
		args   []string
	}{
		{&s.root, []string{"rev-parse", "--show-toplevel"}},
		{&s.version, []string{"describe", "--tags", "--always", "--dirty", "--match", "v*"}},
		{&s.commit, []string{"rev-parse", "HEAD"}},
		{&seconds, []string{"show", "--no-patch", "--format=%ct", "HEAD"}},
	} {
		var err error
		if *ask.answer, err = output(ctx, dir, nil, "git", ask.args...); err != nil {
			return source{}, fmt.Errorf("%w\nwhat is published says of which commit it was made: run this in a git checkout", err)
		}
	}
	unix, err := strconv.ParseInt(seconds, 10, 64)
	s.date = time.Unix(unix, 0).UTC()
	return s, err
}

// output runs a command and returns what it printed.
func output(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	if env != nil {
		cmd.Env = append(cmd.Environ(), env...)
	}
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(stdout.String()), nil
}
