package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/polymoat/polymoat/internal/cli"
)

// Two runs that ask for something else, and what their authors read.
const (
	asksForBuilds = "e2e/testdata/dryrun/asks-for-builds.yaml"
	asksForCore   = "e2e/testdata/dryrun/asks-for-core.yaml"

	overrideAccepted = `polymoat.io/node-pool=builds: placed on node pool "builds" instead of "experiments"`
	overrideRefused  = `Invalid value: "core": role "jobs" accepts "experiments", "builds"`
)

// showOverrides asks the plugin, without any cluster, about a run that asks for other nodes than its role has.
func (g *guide) showOverrides(context.Context) error {
	g.title("One run asks for something else, inside the bounds of the policy and outside")
	g.explain(asksForBuilds, overrideAccepted)
	g.explain(asksForCore, overrideRefused)
	return nil
}

// explain shows what the plugin says of a file, which must contain the wanted text.
func (g *guide) explain(file, want string) {
	var out, errOut strings.Builder
	cli.Main([]string{"explain", "-f", filepath.Join(g.root, file)}, strings.NewReader(""), &out, &errOut) // 1 is a refusal: the text tells
	fmt.Fprintf(g.out, "\n  $ kubectl polymoat explain -f %s\n", file)
	text := strings.ReplaceAll(out.String()+errOut.String(), g.root+string(filepath.Separator), "")
	for line := range strings.Lines(text) { // which wraps them by itself
		fmt.Fprint(g.out, "     | ", line)
	}
	if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
		g.fault("explain does not say %q", want)
	}
}
