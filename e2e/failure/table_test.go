package failure_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rows are those of the table in manifests/README.md, in its order.
var rows = []struct {
	name string
	test func(*testing.T, *site)
}{
	{"one replica is killed", oneReplicaIsKilled},
	{"one replica hangs", oneReplicaHangs},
	{"all replicas are down", allReplicasAreDown},
	{"the API server restarts", apiServerRestarts},
	{"etcd restarts", etcdRestarts},
	{"a replica starts while the API server is down", replicaStartsBlind},
	{"everything was switched off; polymoat is back first", polymoatIsBackFirst},
	{"everything was switched off; the API server is back first", apiServerIsBackFirst},
}

// TestFailures takes parts away, one row after the other. After each, everything is as it was, and nobody did anything
// but what kubelets do: start a process that has ended.
func TestFailures(t *testing.T) {
	s := newSite(t)
	for _, row := range rows {
		if !t.Run(row.name, func(t *testing.T) { row.test(t, s) }) {
			t.FailNow() // what is left of one failure would be taken for the next
		}
	}
}

// TestDocumentedFailures: the table of failures in manifests/README.md has the rows that are tested.
func TestDocumentedFailures(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root, "manifests", "README.md"))
	must(t, err)
	table := regexp.MustCompile(`\| what fails \|.+\n\|[-|]+\n((?:\|.*\n)+)`).FindStringSubmatch(string(readme))
	if table == nil {
		t.Fatal("manifests/README.md has no table of failures")
	}
	var got, want []string
	for _, m := range regexp.MustCompile(`(?m)^\| ([^|]+) \|`).FindAllStringSubmatch(table[1], -1) {
		got = append(got, m[1])
	}
	for _, row := range rows {
		want = append(want, row.name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-tests +document):\n%s", diff)
	}
}
