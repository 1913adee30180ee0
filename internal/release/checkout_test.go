package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// testVersion and testDate are those of the commit that the tests release.
const testVersion = "v0.9.0"

var testDate = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// scratch holds the checkouts of all tests, since they share what takes long.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "polymoat-release-test-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(scratch)
	os.Exit(code)
}

// released is a checkout, its image in dist, and what was said at the end.
type released struct {
	source
	dist, said string
}

var releaseOnce = sync.OnceValues(func() (released, error) { return releaseIn("here") })

// imageOnce is the image that all tests look at.
func imageOnce(t *testing.T) released {
	t.Helper()
	r, err := releaseOnce()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// releaseIn makes the image of a checkout in a folder of that name.
func releaseIn(name string) (released, error) {
	dir := filepath.Join(scratch, name)
	if err := checkout(dir); err != nil {
		return released{}, err
	}
	ctx := context.Background()
	s, err := describe(ctx, filepath.Join(dir, "cmd"))
	if err != nil {
		return released{}, err
	}
	r := released{source: s, dist: filepath.Join(dir, "dist")}
	if err := os.Mkdir(r.dist, 0o755); err != nil {
		return released{}, err
	}
	var said strings.Builder
	err = release(ctx, s, r.dist, false, &said)
	r.said = said.String()
	return r, err
}

// checkout copies the files of this one, whatever state it is in, and commits and tags them there.
func checkout(dir string) error {
	const root = "../.."
	entries, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	for _, e := range entries {
		from, to := filepath.Join(root, e.Name()), filepath.Join(dir, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), ".") || e.Name() == "bin" || e.Name() == "dist":
			continue
		case e.IsDir():
			err = os.CopyFS(to, os.DirFS(from))
		default:
			err = copyFile(from, to)
		}
		if err != nil {
			return err
		}
	}
	return commit(dir)
}

func commit(dir string) error {
	env := []string{
		"GIT_AUTHOR_DATE=" + testDate.Format(time.RFC3339), "GIT_COMMITTER_DATE=" + testDate.Format(time.RFC3339),
		"GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_SYSTEM=" + os.DevNull,
	}
	for _, args := range [][]string{
		{"init", "--quiet"},
		{"add", "--all"},
		{"-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "--quiet", "--message", "release"},
		{"tag", testVersion},
	} {
		if _, err := output(context.Background(), dir, env, "git", args...); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o644)
}

func readAll(t *testing.T, r io.Reader) []byte {
	t.Helper()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
