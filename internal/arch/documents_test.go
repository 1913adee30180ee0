package arch_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// top is the repository.
const top = "../.."

// longestREADME is how many bytes, and mostWords how many words, the first page has at most: it is read in a few minutes, the rest stands beside what it describes.
const (
	longestREADME = 9 << 10
	mostWords     = 1000
)

var (
	links    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading  = regexp.MustCompile(`(?m)^#+ (.+)$`)
	noAnchor = regexp.MustCompile("[^a-z0-9 _-]")
	fenced   = regexp.MustCompile("(?s)```.*?```")
)

// TestDocuments: the first page is short, and no link within the repository is dead.
func TestDocuments(t *testing.T) {
	for _, path := range documents(t) {
		text := read(t, path)
		if path == filepath.Join(top, "README.md") && len(text) > longestREADME {
			t.Errorf("README.md has %d bytes, at most %d", len(text), longestREADME)
		}
		if words := len(strings.Fields(text)); path == filepath.Join(top, "README.md") && words > mostWords {
			t.Errorf("README.md has %d words, at most %d", words, mostWords)
		}
		for _, link := range links.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
			if err := follow(path, link[1]); err != nil {
				t.Errorf("%s: %v", strings.TrimPrefix(path, top+"/"), err)
			}
		}
	}
}

// follow finds what a link in a document leads to.
func follow(path, link string) error {
	if strings.Contains(link, "://") {
		return nil
	}
	file, anchor, _ := strings.Cut(link, "#")
	target := path
	if file != "" {
		target = filepath.Join(filepath.Dir(path), file)
	}
	text, err := os.ReadFile(target)
	if info, statErr := os.Stat(target); statErr == nil && info.IsDir() && anchor == "" {
		return nil
	}
	if err != nil {
		return fmt.Errorf("link %q leads to no file", link)
	}
	if anchor == "" {
		return nil
	}
	for _, h := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(string(text), ""), -1) {
		if strings.ReplaceAll(noAnchor.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-") == anchor {
			return nil
		}
	}
	return fmt.Errorf("link %q leads to no heading", link)
}

// documents are all Markdown files of the repository.
func documents(t *testing.T) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(top, func(path string, d os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".cache" || d.Name() == ".git" || d.Name() == "dist" || d.Name() == "testdata"):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".md"):
			all = append(all, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
