package monitoring

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/polymoat/polymoat/e2e/binaries"
	"github.com/polymoat/polymoat/e2e/chart"
	"github.com/polymoat/polymoat/e2e/cluster"
)

var update = flag.Bool("update", false, "write the chart's dashboards/polymoat.json; then read the diff")

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

// rendered is an object of the chart's, "ConfigMap polymoat-dashboard", with more values.
func rendered(t *testing.T, want string, args ...string) map[string]any {
	t.Helper()
	text, err := helm.Render(t.Context(), "polymoat", "polymoat-system", args...)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := cluster.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		if object.GetKind()+" "+object.GetName() == want {
			return object.Object
		}
	}
	t.Fatalf("no %s is rendered", want)
	return nil
}

// metrics are those of the server with their labels, as webhook/README.md has them: it is written by what the server
// registers.
func metrics(t *testing.T) map[string][]string {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join(root, "webhook", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(polymoat_\\w+)` \\| (.*?) \\|").FindAllStringSubmatch(string(readme), -1) {
		found[row[1]] = strings.FieldsFunc(row[2], func(r rune) bool { return strings.ContainsRune("`, ", r) })
	}
	if len(found) < 10 {
		t.Fatalf("webhook/README.md has only the metrics %v", found)
	}
	return found
}
