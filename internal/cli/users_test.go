package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/explain"
)

const (
	usersPage  = "../../cmd/kubectl-polymoat/USERS.md"
	tableBegin = "<!-- refusals: go test ./internal/cli -run UsersPage -update -->\n"
	tableEnd   = "<!-- refusals end -->"
)

// TestUsersPage holds the table by refusal to what the built-in policy answers to the polyaxonfiles in testdata/users.
func TestUsersPage(t *testing.T) {
	page, err := os.ReadFile(usersPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(page), tableBegin)
	old, after, closed := strings.Cut(rest, tableEnd)
	if !found || !closed {
		t.Fatalf("%s has no table of refusals between %q and %q", usersPage, tableBegin, tableEnd)
	}
	files, err := filepath.Glob("testdata/users/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	table := "| what you wrote | what you read | write instead |\n|---|---|---|\n"
	for _, file := range files {
		table += refusalRow(t, file)
	}
	if *update {
		if err := os.WriteFile(usersPage, []byte(before+tableBegin+table+tableEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(table, old); diff != "" {
		t.Errorf("%s is stale; run go test ./internal/cli -run UsersPage -update (-want +got):\n%s", usersPage, diff)
	}
}

var told = regexp.MustCompile(`(?m)^# (wrote|instead): (.+)$`)

// refusalRow is what a polyaxonfile comes to.
func refusalRow(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	says := map[string]string{}
	for _, m := range told.FindAllStringSubmatch(string(text), -1) {
		says[m[1]] = m[2]
	}
	var out, errOut strings.Builder
	code := Main([]string{"explain", "-f", file, "-o", "json"}, strings.NewReader(""), &out, &errOut)
	var got explain.Record
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil || code != exitDiffer || len(got.Violations) == 0 {
		t.Fatalf("%s: exit code %d, want a refusal: %v\n%s%s", file, code, err, out.String(), errOut.String())
	}
	var answers []string
	for _, v := range got.Violations {
		answers = append(answers, "`"+strings.NewReplacer("|", `\|`, "\n", " ").Replace(v.String())+"`")
	}
	return "| " + says["wrote"] + " | " + strings.Join(answers, "<br>") + " | " + says["instead"] + " |\n"
}
