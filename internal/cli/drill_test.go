package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/internal/cli/print"
)

// stored are the objects of a cluster, as YAML documents in a file.
func stored(t *testing.T, file string) []map[string]any {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	for doc := range strings.SplitSeq(string(text), "\n---\n") {
		var object map[string]any
		if err := yaml.Unmarshal([]byte(doc), &object); err != nil {
			t.Fatal(err)
		}
		all = append(all, object)
	}
	return all
}

// resources name what objects of a kind are stored as.
var resources = map[string]string{
	"Node": "nodes", "Pod": "pods", "ReplicaSet": "replicasets", "StatefulSet": "statefulsets", "PersistentVolume": "persistentvolumes",
	"PersistentVolumeClaim": "persistentvolumeclaims", "PodDisruptionBudget": "poddisruptionbudgets", "PriorityClass": "priorityclasses",
}

// serve answers lists and reads of objects, and nothing that changes any. What is asked for beyond them is empty.
func serve(t *testing.T, objects []map[string]any) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("%s %s: nothing is to be changed", r.Method, r.URL)
		}
		w.Header().Set("Content-Type", "application/json")
		items := []any{}
		for _, o := range objects {
			resource, name := resources[o["kind"].(string)], o["metadata"].(map[string]any)["name"].(string)
			if path.Base(r.URL.Path) == name && path.Base(path.Dir(r.URL.Path)) == resource {
				_, _ = fmt.Fprint(w, print.JSON(o))
				return
			}
			if path.Base(r.URL.Path) == resource {
				items = append(items, o)
			}
		}
		parts := strings.Split(r.URL.Path, "/") // "", "apis", GROUP, VERSION, ... or "", "api", "v1", ...
		version := parts[2]
		if parts[1] == "apis" {
			version += "/" + parts[3]
		}
		kinds := map[string]string{"deployments": "Deployment", "daemonsets": "DaemonSet", "jobs": "Job", "storageclasses": "StorageClass", "namespaces": "Namespace"}
		for kind, resource := range resources {
			kinds[resource] = kind
		}
		_, _ = fmt.Fprint(w, print.JSON(map[string]any{
			"apiVersion": version, "kind": kinds[path.Base(r.URL.Path)] + "List", "metadata": map[string]any{"resourceVersion": "1"}, "items": items,
		}))
	}))
	t.Cleanup(server.Close)
	return server
}

// TestDrill holds drills in a stored cluster: what people read in narrow and wide terminals, and programs.
func TestDrill(t *testing.T) {
	policy := filepath.Join("..", "api", "v1alpha1", "default.yaml")
	config := kubeconfigFor(t, serve(t, stored(t, "testdata/drill/cluster.yaml")).URL)
	for _, tc := range []struct {
		golden string
		args   []string
		code   int
	}{
		{"each-80.txt", nil, exitDiffer},
		{"each-120.txt", []string{"--width", "120"}, exitDiffer},
		{"node.txt", []string{"--node", "core-1"}, exitClean},
		{"zone.txt", []string{"--zone", "a"}, exitDiffer},
		{"pool.json", []string{"--pool", "core", "-o", "json"}, exitDiffer},
	} {
		t.Run(tc.golden, func(t *testing.T) {
			var stdout, stderr strings.Builder
			code := Main(append([]string{"drill", "--kubeconfig", config, "--policy", policy}, tc.args...), strings.NewReader(""), &stdout, &stderr)
			if code != tc.code || stderr.Len() > 0 {
				t.Errorf("exit code %d, want %d\n%s", code, tc.code, stderr.String())
			}
			golden := filepath.Join("testdata", "drill", tc.golden)
			if *update {
				if err := os.WriteFile(golden, []byte(stdout.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), stdout.String()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestDrillRefuses pins what is said of flags, of names that are not there, and of a cluster without polymoat.
func TestDrillRefuses(t *testing.T) {
	policy := filepath.Join("..", "api", "v1alpha1", "default.yaml")
	config := kubeconfigFor(t, serve(t, stored(t, "testdata/drill/cluster.yaml")).URL)
	empty := kubeconfigFor(t, serve(t, nil).URL)
	for _, tc := range []struct {
		name, config string
		args         []string
		want         string
	}{
		{"two losses", config, []string{"--node", "core-1", "--zone", "a"}, "error: --node, --zone and --pool each say what goes; name one of them\nSee 'kubectl polymoat drill --help' for usage.\n"},
		{"a format", config, []string{"-o", "yaml"}, "error: unknown output format \"yaml\"; use text or json\nSee 'kubectl polymoat drill --help' for usage.\n"},
		{"no lines", config, []string{"-o", "json", "--width", "80"}, "error: --width is for text, and -o json has no lines; leave one of them out\nSee 'kubectl polymoat drill --help' for usage.\n"},
		{"too narrow", config, []string{"--width", "5"}, "error: --width is 5; at least 24 characters are needed\nSee 'kubectl polymoat drill --help' for usage.\n"},
		{"no such node", config, []string{"--node", "x"}, "error: the cluster has no node \"x\"; list its nodes with kubectl get nodes\n"},
		{"no such zone", config, []string{"--zone", "x"}, "error: no node is in zone \"x\"; name one of \"a\", \"b\"\n"},
		{"no zones", empty, []string{"--zone", "x"}, "error: no node has the label \"topology.kubernetes.io/zone\"; name a node with --node\n"},
		{"no such pool", config, []string{"--pool", "x"}, "error: the policy has no node pool \"x\"; name one of \"builds\", \"core\", \"experiments\"\n"},
		{"an empty pool", config, []string{"--pool", "builds"}, "error: no node is in node pool \"builds\"\n"},
		{"no core", empty, nil, "error: no pod of core runs in namespace \"polyaxon\"; name the policy that governs it with --policy FILE\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var stdout, stderr strings.Builder
			code := Main(append([]string{"drill", "--kubeconfig", tc.config, "--policy", policy}, tc.args...), strings.NewReader(""), &stdout, &stderr)
			if diff := cmp.Diff(tc.want, stderr.String()); diff != "" || code != exitError {
				t.Errorf("exit code %d (-want +got)\n%s", code, diff)
			}
		})
	}
}

// TestDrillBeforePolymoat: without an installation the built-in policy tells core, and pods come as their templates say.
func TestDrillBeforePolymoat(t *testing.T) {
	config := kubeconfigFor(t, serve(t, stored(t, "testdata/drill/cluster.yaml")).URL)
	var stdout, stderr strings.Builder
	Main([]string{"drill", "--kubeconfig", config, "--node", "core-1"}, strings.NewReader(""), &stdout, &stderr)
	const note = "note: the cluster has no Deployment with the label \"app.kubernetes.io/name=polymoat\"; the built-in policy tells what core is\n"
	if stderr.String() != note {
		t.Errorf("told %q, want %q", stderr.String(), note)
	}
	const want = `does not tolerate taint "polyaxon=core:NoSchedule"`
	if got := strings.Join(strings.Fields(stdout.String()), " "); !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant in it %s", stdout.String(), want)
	}
}
