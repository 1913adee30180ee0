package print

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWantsColour(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	env := func(variable string) func(string) string {
		return func(name string) string {
			value, _ := strings.CutPrefix(variable, name+"=")
			if value == variable {
				return ""
			}
			return value
		}
	}
	if !wantsColour(terminal, env("TERM=xterm")) {
		t.Error("a terminal gets no colour")
	}
	if wantsColour(terminal, env("NO_COLOR=1")) {
		t.Error("NO_COLOR is not honoured")
	}
	if wantsColour(terminal, env("TERM=dumb")) {
		t.Error("a dumb terminal gets colour")
	}
	if wantsColour(file, env("TERM=xterm")) || wantsColour(new(bytes.Buffer), env("TERM=xterm")) {
		t.Error("a file or a pipe gets colour")
	}
}

func TestDiffColours(t *testing.T) {
	got := NewStyles(true).Diff("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new\n same\n")
	want := "\x1b[1m--- a/x\x1b[0m\n\x1b[1m+++ b/x\x1b[0m\n\x1b[36m@@ -1 +1 @@\x1b[0m\n" +
		"\x1b[31m-old\x1b[0m\n\x1b[32m+new\x1b[0m\n same\n"
	if got = strings.ReplaceAll(got, Escape, "\x1b"); got != want {
		t.Errorf("diff:\n got %q\nwant %q", got, want)
	}
}

// An exit code is only ever raised: what could not be read outweighs what is refused.
func TestExitCodesAreOnlyRaised(t *testing.T) {
	c := NewConsole(new(bytes.Buffer), new(bytes.Buffer))
	for _, step := range []struct{ code, want int }{{1, 1}, {0, 1}, {ExitError, 2}, {1, 2}} {
		if c.Exit(step.code); c.Code != step.want {
			t.Errorf("after exit(%d) the code is %d, want %d", step.code, c.Code, step.want)
		}
	}
}
