package main

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e"
	"github.com/polymoat/polymoat/e2e/cluster"
)

// showAttempts tries what must not be possible, as a user with full rights on the namespace.
func (g *guide) showAttempts(ctx context.Context) error {
	attempts, err := e2e.Attempts()
	if err != nil {
		return err
	}
	tenant, err := client.New(g.cluster.As(cluster.Tenant), client.Options{})
	if err != nil {
		return err
	}
	g.title("Refused, although the user has full rights on the namespace")
	for i, attempt := range attempts {
		answer := attempt.Make(ctx, tenant)
		fmt.Fprintf(g.out, "\n  %d. %s\n     %s\n", i+1, attempt.Try, attempt.File)
		switch {
		case answer == nil:
			g.fault("%s: was not refused", attempt.Name)
		case !apierrors.IsForbidden(answer) || answer.Error() != attempt.Want:
			g.fault("%s: the answer is %q, want %q", attempt.Name, answer, attempt.Want)
		default:
			fmt.Fprintln(g.out, wrap(answer.Error(), "     | ", 80))
		}
	}
	return nil
}

// wrap breaks text into lines of at most width columns where it has spaces.
func wrap(text, prefix string, width int) string {
	var lines []string
	line := prefix
	for word := range strings.FieldsSeq(text) {
		if len(line)+len(word) > width && line != prefix {
			lines = append(lines, strings.TrimRight(line, " "))
			line = prefix
		}
		line += word + " "
	}
	return strings.Join(append(lines, strings.TrimRight(line, " ")), "\n")
}
