package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/picture"
)

// control is what no terminal may be sent, but for the ends of lines.
var control = regexp.MustCompile(`[^\P{Cc}\n\t]|[\x{202A}-\x{202E}\x{2066}-\x{2069}]`)

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"plain, ünï, 日本\n\tx":        "plain, ünï, 日本\n\tx",
		"\x1b]0;title\x07":           `\u001b]0;title\u0007`,
		"a\rb\x7f\x00":               `a\u000db\u007f\u0000`,
		"\u009b31m":                  `\u009b31m`,
		"\x9b31m":                    `\x9b31m`,
		"abc\u202edef":               `abc\u202edef`,
		"\ufffd":                     "\ufffd",
		escape + "[1mx" + escape[1:]: "\x1b[1mx" + escape[1:],
	} {
		var out bytes.Buffer
		if n, err := (printable{&out}).Write([]byte(text)); n != len(text) || err != nil {
			t.Errorf("%q: wrote %d, %v", text, n, err)
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

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
		c.styles = newStyles(true)
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

// TestNoControlCharactersOfAMap: what pods are called by Polyaxon comes from annotations, which hold anything.
func TestNoControlCharactersOfAMap(t *testing.T) {
	var out bytes.Buffer
	c := newConsole(nil, &out, new(bytes.Buffer))
	c.print(picture.Text(&picture.Map{Cluster: "x\x1b[31m\x07", Waiting: []picture.Pod{{Namespace: "a", Name: "b\x1b[31m"}}},
		picture.Options{Width: 80, Colour: true, Escape: escape}))
	if text := out.String(); strings.Contains(text, "\x1b[31m") || !strings.Contains(text, `b\u001b[31m`) || !strings.Contains(text, "\x1b[1") {
		t.Errorf("got %q", text)
	}
}
