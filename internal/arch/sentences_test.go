package arch_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// longestSentence is how many words a sentence of the documents has at most.
const longestSentence = 30

var (
	blank    = regexp.MustCompile(`\n\s*\n|\n\s*[-*] |\n\d+\. |\n#+ |\n?\|`) // what begins another paragraph, item, heading or cell
	stop     = regexp.MustCompile(`[.!?][")]*\s+`)
	code     = regexp.MustCompile("`[^`]*`")
	linked   = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`)
	section  = regexp.MustCompile(`(?m)^#+ .*$`)
	figure   = regexp.MustCompile(`\b\d[\d,.]*\s?(ms|µs|s|seconds?|minutes?|min|hours?|[KMG]i?B|%|percent)\b`)
	evidence = regexp.MustCompile("(`|\n)(make|go test|go run|cd|kubectl|helm|\\.ci/run) ?")
)

// TestSentences: who reads a sentence twice has lost the next one.
func TestSentences(t *testing.T) {
	for _, path := range prose(t) {
		for _, s := range sentences(read(t, path)) {
			if n := len(strings.Fields(s)); n > longestSentence {
				t.Errorf("%s: %d words, at most %d: %s", strings.TrimPrefix(path, top+"/"), n, longestSentence, s)
			}
		}
	}
}

// TestFigures: what was measured stands in a section that says how to measure it.
func TestFigures(t *testing.T) {
	for _, path := range prose(t) {
		for _, part := range section.Split(read(t, path), -1) {
			if found := figure.FindString(part); found != "" && !evidence.MatchString(part) {
				t.Errorf("%s: %q, and no command beside it", strings.TrimPrefix(path, top+"/"), found)
			}
		}
	}
}

// TestSentencesAreFound: what counts as one.
func TestSentencesAreFound(t *testing.T) {
	const text = "# Head\n\nOne two. `three` [four five](x.md) at 2.5 m: six? polymoat\nseven (\"eight.\") Nine\n- ten\n\n| a. B | c |\n\n```sh\nnot. this\n```\n"
	want := []string{"Head", "One two.", "CODE four five at 2.5 m: six?", `polymoat seven ("eight.")`, "Nine", "ten", "a.", "B", "c"}
	if got := sentences(text); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", got, want)
	}
}

// prose are the documents that people read from beginning to end: the changelog is a list of names.
func prose(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, path := range documents(t) {
		if filepath.Base(path) != "CHANGELOG.md" {
			all = append(all, path)
		}
	}
	return all
}

// sentences are those of a document, without what stands in fences. A piece of code is one word.
func sentences(text string) []string {
	text = fenced.ReplaceAllString(text, "\n\n")
	text = linked.ReplaceAllString(code.ReplaceAllString(text, "CODE"), "$1")
	var all []string
	for _, paragraph := range blank.Split("\n"+text, -1) {
		paragraph = strings.Join(strings.Fields(paragraph), " ")
		begin := 0
		for _, end := range stop.FindAllStringIndex(paragraph, -1) {
			if rest := paragraph[end[1]:]; unicode.IsLower(rune(rest[0])) && !strings.HasPrefix(rest, "polymoat") {
				continue
			}
			all, begin = append(all, strings.TrimSpace(paragraph[begin:end[1]])), end[1]
		}
		if rest := strings.Trim(paragraph[begin:], " -"); rest != "" {
			all = append(all, rest)
		}
	}
	return all
}
