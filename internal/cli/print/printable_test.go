package print

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/picture"
)

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"plain, ünï, 日本\n\tx":        "plain, ünï, 日本\n\tx",
		"\x1b]0;title\x07":           `\u001b]0;title\u0007`,
		"a\rb\x7f\x00":               `a\u000db\u007f\u0000`,
		"\u009b31m":                  `\u009b31m`,
		"\x9b31m":                    `\x9b31m`,
		"abc\u202edef":               `abc\u202edef`,
		"\ufffd":                     "\ufffd",
		Escape + "[1mx" + Escape[1:]: "\x1b[1mx" + Escape[1:],
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

// TestNoControlCharactersOfAMap: what pods are called by Polyaxon comes from annotations, which hold anything.
func TestNoControlCharactersOfAMap(t *testing.T) {
	var out bytes.Buffer
	c := NewConsole(&out, new(bytes.Buffer))
	c.Print(picture.Text(&picture.Map{Cluster: "x\x1b[31m\x07", Waiting: []picture.Pod{{Namespace: "a", Name: "b\x1b[31m"}}},
		picture.Options{Width: 80, Colour: true, Escape: Escape}))
	if text := out.String(); strings.Contains(text, "\x1b[31m") || !strings.Contains(text, `b\u001b[31m`) || !strings.Contains(text, "\x1b[1") {
		t.Errorf("got %q", text)
	}
}
