package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// instruction is a line of the Dockerfile: FROM, [scratch].
type instruction struct {
	name  string
	words []string
	flags []string
}

func dockerfile(t *testing.T) []instruction {
	t.Helper()
	f, err := os.Open("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	parsed, err := parser.Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	var found []instruction
	for _, node := range parsed.AST.Children {
		i := instruction{name: strings.ToUpper(node.Value), flags: node.Flags}
		for n := node.Next; n != nil; n = n.Next {
			i.words = append(i.words, n.Value)
		}
		found = append(found, i)
	}
	return found
}

// stages cuts a Dockerfile before each FROM.
func stages(all []instruction) [][]instruction {
	var found [][]instruction
	for _, i := range all {
		if i.name == "FROM" {
			found = append(found, nil)
		}
		found[len(found)-1] = append(found[len(found)-1], i)
	}
	return found
}

// TestDockerfile: what it makes is what this command makes, and nothing in it can change unseen.
func TestDockerfile(t *testing.T) {
	all := stages(dockerfile(t))
	if len(all) != 2 {
		t.Fatalf("%d stages, want one that builds and one that is shipped", len(all))
	}
	want := []instruction{
		{"FROM", []string{"scratch"}, nil},
		{"COPY", []string{"/polymoat", "/polymoat"}, []string{"--from=build"}},
		{"USER", []string{"65532:65532"}, nil},
		{"EXPOSE", []string{"9443"}, nil},
		{"ENTRYPOINT", []string{"/polymoat"}, nil},
	}
	if diff := cmp.Diff(want, all[1], cmp.AllowUnexported(instruction{}), cmp.Transformer("", orEmpty)); diff != "" {
		t.Errorf("the stage that is shipped (-want +got):\n%s", diff)
	}
	if from := all[0][0].words[0]; !regexp.MustCompile(`^golang:\d+\.\d+\.\d+$`).MatchString(from) {
		t.Errorf("FROM %s names no exact version of Go", from)
	}
	if !slices.ContainsFunc(all[0], func(i instruction) bool {
		return i.name == "RUN" && i.words[0] == `go build -trimpath -tags `+tags+` -buildvcs=false -ldflags "`+ldflags("$VERSION", "$COMMIT")+`" -o /polymoat ./cmd/polymoat`
	}) {
		t.Error("no RUN builds the server as compile does")
	}
}

// TestMakefile: make build writes into binaries what this command writes.
func TestMakefile(t *testing.T) {
	made, err := output(t.Context(), "../..", []string{"MAKEFLAGS="}, "make", "--dry-run", "--no-print-directory", "build", "VERSION=v0.9.0", "COMMIT=79365e3")
	if err != nil {
		t.Fatal(err)
	}
	if want := `CGO_ENABLED=0 go build -trimpath -tags ` + tags + ` -ldflags "` + ldflags("v0.9.0", "79365e3") + `" -o bin/ ./cmd/...`; made != want {
		t.Errorf("make build runs\n%s\nwant\n%s", made, want)
	}
}

func orEmpty(words []string) []string {
	if words == nil {
		return []string{}
	}
	return words
}
