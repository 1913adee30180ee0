package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	"github.com/polymoat/polymoat/e2e"
	"github.com/polymoat/polymoat/e2e/cluster"
)

// showDryRuns asks the API server with plain kubectl what it would do. Nothing is created.
func (g *guide) showDryRuns(ctx context.Context) error {
	g.title("Server-side dry-runs: nothing is created")
	if _, err := exec.LookPath("kubectl"); err != nil {
		fmt.Fprintln(g.out, "  (left out: there is no kubectl on this machine)")
		return nil
	}
	attempts, err := e2e.Attempts()
	if err != nil {
		return err
	}
	fields := "jsonpath={.spec.nodeSelector} uid {.spec.securityContext.runAsUser}"
	g.dryRun(ctx, []string{`{"polyaxon":"experiments"} uid 2222`}, "-f", "e2e/testdata/dryrun/train.yaml", "-o", fields)
	g.dryRun(ctx, []string{attempts[0].Want}, "-f", attempts[0].File)
	fields = "jsonpath={.spec.nodeSelector}"
	g.dryRun(ctx, []string{`{"polyaxon":"builds"}`, overrideAccepted}, "-f", asksForBuilds, "-o", fields)
	g.dryRun(ctx, []string{overrideRefused}, "-f", asksForCore)
	return nil
}

// dryRun shows a dry-run and what came of it, which must contain every wanted text.
func (g *guide) dryRun(ctx context.Context, want []string, args ...string) {
	args = append([]string{"create", "--dry-run=server"}, args...)
	cmd := exec.CommandContext(ctx, "kubectl", append([]string{"--kubeconfig", g.cluster.Kubeconfig(cluster.Tenant)}, args...)...)
	cmd.Dir = g.root
	output, _ := cmd.CombinedOutput() // a refusal is an error too: the text tells
	fmt.Fprintf(g.out, "\n  $ kubectl %s\n", typed(args))
	for line := range strings.Lines(string(output)) {
		fmt.Fprintln(g.out, wrapColumns(line))
	}
	for _, text := range want {
		if !strings.Contains(string(output), text) {
			g.fault("the dry-run does not say %q", text)
		}
	}
}

// typed are arguments as a person types them into a shell.
func typed(args []string) string {
	line := strings.Join(args, " ")
	if before, fields, ok := strings.Cut(line, " -o "); ok {
		return before + " \\\n      -o '" + fields + "'"
	}
	return line
}

// wrapColumns keeps the columns of a short line, and wraps a long one.
func wrapColumns(line string) string {
	if line = strings.TrimRight(line, "\n"); len(line) < 75 {
		return "     | " + line
	}
	return wrap(line, "     | ", 80)
}
