package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestUsage(t *testing.T) {
	for name, args := range map[string][]string{"nothing": nil, "a word too many": {"image", "all"}, "something else": {"chart"}} {
		t.Run(name, func(t *testing.T) {
			if got, want := errorText(run(t.Context(), args, io.Discard)), "say what to make: image or all"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// TestDescribe: the version is that of git, which says so when there is more than the tag.
func TestDescribe(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "README.md")
	if err := os.WriteFile(file, []byte("polymoat\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := describe(t.Context(), dir)
	if got, want := errorText(err), "\nwhat is published says of which commit it was made: run this in a git checkout"; !strings.HasSuffix(got, want) {
		t.Errorf("got %q, want it to end in %q", got, want)
	}
	if err := commit(dir); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{testVersion, testVersion + "-dirty"} {
		s, err := describe(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if s.version != want || len(s.commit) != 40 || !s.date.Equal(testDate) {
			t.Errorf("got %+v, want version %s of %s", s, want, testDate)
		}
		if err := os.WriteFile(file, []byte("changed\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
