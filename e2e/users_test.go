package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/manifest"
)

// What the users' page says of each polyaxonfile is what the cluster answers to its pods.
func TestUsersPage(t *testing.T) {
	files, err := filepath.Glob("../internal/cli/testdata/users/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			code, out, errOut := plugin(t, cluster.Admin, "explain", "-f", file, "-o", "json")
			var said struct {
				Violations []struct{ Rule, Fix string }
			}
			if err := json.Unmarshal([]byte(out), &said); err != nil || code != 1 {
				t.Fatalf("exit code %d: %v\n%s%s", code, err, out, errOut)
			}
			got := message(as(t, cluster.Tenant).Create(t.Context(), podOfFile(t, file), client.DryRunAll))
			for _, v := range said.Violations {
				rule := strings.Replace(v.Rule, "invalid-override", "Invalid value", 1)
				if !strings.Contains(got, rule) {
					t.Errorf("the cluster says %q, and the page names %s", got, rule)
				}
			}
		})
	}
}

// podOfFile is the pod of a polyaxonfile.
func podOfFile(t *testing.T, name string) client.Object {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }() // nothing was written
	objects, err := manifest.Read(name, file)
	if err != nil || len(objects) != 1 {
		t.Fatalf("%d objects, %v", len(objects), err)
	}
	pods, errs := manifest.Pods(objects[0])
	if len(pods) != 1 {
		t.Fatal(errs)
	}
	pod := pods[0].Pod
	pod.Namespace, pod.OwnerReferences = "polyaxon", nil
	return pod
}
