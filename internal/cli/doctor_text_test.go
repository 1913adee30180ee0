package cli

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/doctor"
)

var report = doctor.Report{
	Findings: []doctor.Finding{
		{Check: "pool-taints", Severity: doctor.Error, What: `Node "core-1" of node pool "core" lacks the taint polyaxon=core:NoSchedule.`,
			Why: "Only a taint keeps pods off.", Fix: "kubectl taint node core-1 polyaxon=core:NoSchedule # and a text that is longer than a line of the terminal"},
		{Check: "no-pool", Severity: doctor.Info, What: `Node "plain-1" is in no node pool.`, Why: "Nothing is placed there.", Fix: "kubectl label node plain-1 KEY=VALUE"},
	},
	OK:      []doctor.Check{{ID: "ca-bundle", Doc: "every webhook has authorities that have not expired, in the configurations of both kinds"}},
	LeftOut: []doctor.Check{{ID: "replicas"}, {ID: "disruption-budget"}},
}

// Findings are read by people at 80 columns, and their commands copied: those are never broken.
func TestReportText(t *testing.T) {
	const want = `Errors: 1

pool-taints
  What:       Node "core-1" of node pool "core" lacks the taint
              polyaxon=core:NoSchedule.
  Why:        Only a taint keeps pods off.
  Fix:        kubectl taint node core-1 polyaxon=core:NoSchedule # and a text that is longer than a line of the terminal

Worth knowing: 1

no-pool
  What:       Node "plain-1" is in no node pool.
  Why:        Nothing is placed there.
  Fix:        kubectl label node plain-1 KEY=VALUE

1 check found nothing.
  ca-bundle            every webhook has authorities that have not expired, in
                       the configurations of both kinds
2 checks could not run: replicas, disruption-budget.
`
	var out strings.Builder
	printReport(newConsole(strings.NewReader(""), &out, &out).Console, report, true)
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}

// On a terminal the severity has a colour.
func TestReportInColour(t *testing.T) {
	var out strings.Builder
	c := newConsole(strings.NewReader(""), &out, &out)
	c.Styles = print.NewStyles(true)
	printReport(c.Console, report, false)
	for _, want := range []string{"\x1b[31mpool-taints\x1b[0m", "\x1b[36mno-pool\x1b[0m", "\x1b[32m1 check found nothing.\x1b[0m"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in %q", want, out.String())
		}
	}
}

// manifests/README.md shows a finding as it is.
func TestDocumentShowsAFinding(t *testing.T) {
	words := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(strings.Fields(string(text)), " ")
	}
	readme, findings := words("../../manifests/README.md"), words("../doctor/testdata/serving-certificate.txt")
	_, shown, _ := strings.Cut(readme, "serving-certificate What: ")
	shown, _, _ = strings.Cut(shown, " ```")
	shown = "error serving-certificate: " + strings.Replace(shown, " Why:", "", 1)
	if !strings.Contains(findings, shown) {
		t.Errorf("doctor does not say %q", shown)
	}
}
