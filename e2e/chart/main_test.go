package chart_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/e2e/binaries"
	"github.com/polymoat/polymoat/e2e/chart"
)

var update = flag.Bool("update", false, "write manifests/install.yaml, the chart's values.schema.json and testdata; then read the diff")

// helm renders the chart; root is the repository's.
var (
	helm *chart.Helm
	root string
)

func TestMain(m *testing.M) {
	flag.Parse()
	if err := prepare(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func prepare() (err error) {
	if root, err = binaries.Root(); err != nil {
		return err
	}
	helm, err = chart.New(context.Background(), root, os.Stderr)
	return err
}

// TestSchemaIsFresh: what helm refuses is what the server's own types refuse.
func TestSchemaIsFresh(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "run", ".")
	cmd.Dir, cmd.Stderr = filepath.Join(root, "internal", "tools", "schema"), os.Stderr
	text, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	checkFile(t, "manifests/chart/values.schema.json", string(text))
}

func TestInstallYAMLIsFresh(t *testing.T) {
	text, err := helm.InstallYAML(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	checkFile(t, "manifests/install.yaml", text)
}

// TestNotes: what helm says after an installation.
func TestNotes(t *testing.T) {
	for name, flags := range map[string]string{
		"self-managed": "--set=certificates.source=self-managed",
		"files":        "--set=certificates.source=files",
		"fails-open":   "--set=certificates.source=self-managed,failurePolicy=Ignore",
		"twin":         "--set=certificates.source=self-managed,failurePolicy=Ignore,native.installed=true",
	} {
		text, err := helm.Run(t.Context(), "install", "polymoat", helm.Dir, "--namespace=polymoat-system", "--dry-run=client", flags)
		if err != nil {
			t.Fatal(err)
		}
		_, notes, found := strings.Cut(text, "\nNOTES:\n")
		if !found {
			t.Fatal("helm says nothing")
		}
		checkFile(t, "e2e/chart/testdata/notes-"+name+".txt", notes)
	}
}

// checkFile compares a file of the repository with what it should hold, or writes it.
func checkFile(t *testing.T, name, want string) {
	t.Helper()
	path := filepath.Join(root, name)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is stale; run `go test ./e2e/chart -update` (-want +got):\n%s", name, diff)
	}
}
