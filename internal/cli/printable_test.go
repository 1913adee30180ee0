package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/polymoat/polymoat/internal/cli/print"
)

// control is what no terminal may be sent, but for the ends of lines.
var control = regexp.MustCompile(`[^\P{Cc}\n\t]|[\x{202A}-\x{202E}\x{2066}-\x{2069}]`)

// TestNoControlCharacters: names of files and values in them reach a terminal written out, in every format of every command
// that reads files.
func TestNoControlCharacters(t *testing.T) {
	dir := t.TempDir()
	evil := filepath.Join(dir, "a\x1b]0;x\x07\nerror: b.yaml")
	pod := `apiVersion: v1
kind: Pod
metadata: {name: "p\e[31m\u009b", namespace: polyaxon, labels: {app: "x\r\u202e"}, annotations: {polymoat.io/role: "\e[2J"}}
spec: {nodeName: "n\e[1m\a", containers: [{name: "c\e\n", image: "i\u009b"}], nodeSelector: {"k\e": "v\e"}}
---
kind: "K\e[5m"
metadata: {name: "no pod\e"}
---
kind: Pod
metadata: {name: 5}
spec: {containers: [{name: ["\e"]}]}
--- {"\e
`
	if err := os.WriteFile(evil, []byte(pod), 0o600); err != nil {
		t.Fatal(err)
	}
	policy := filepath.Join(dir, "policy.yaml")
	if err := os.WriteFile(policy, []byte("apiVersion: polymoat.io/v1alpha1\nkind: PlacementPolicy\nmetadata: {name: \"x\\e\"}\nspec: {\"y\\e\": 1}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"explain", "-f", evil}, {"explain", "-f", evil, "-o", "json"}, {"explain", "-f", evil, "-o", "yaml"},
		{"diff", "-f", evil}, {"where", "-f", evil}, {"where", "-f", evil, "-o", "json"}, {"explain", "-f", dir},
		{"policy", "validate", policy}, {"policy", "validate", evil}, {"roles", "x\x1b"}, {"x\x1b"}, {"explain", "--x\x1b"},
		{"test", dir + "\x1b"}, {"explain", "-f", evil + "x"}, {"replay", evil},
	} {
		var out, errs bytes.Buffer
		c := newConsole(strings.NewReader(""), &out, &errs)
		c.Styles = print.NewStyles(true)
		c.execute(args)
		text := regexp.MustCompile(`\x1b\[\d+m`).ReplaceAllString(out.String(), "") // our own
		if strings.Contains(strings.Join(args, " "), "-o") {
			text = out.String()
		}
		if at := control.FindString(text + errs.String()); at != "" {
			t.Errorf("%q prints %q: %q", args, at, text+errs.String())
		}
		if out.Len()+errs.Len() == 0 {
			t.Errorf("%q prints nothing", args)
		}
		if strings.Contains(errs.String(), "\nerror: b.yaml") {
			t.Errorf("%q: the name of a file forges a line:\n%s", args, errs.String())
		}
	}
}
