package arch_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/polymoat/polymoat/"

// rules say what a package must not import: packages of the standard library and our own directly, modules at all.
var rules = []struct {
	pkg, why  string
	forbidden []string
}{
	{"internal/api/v1alpha1", "callers open files; the document knows nothing of who reads it",
		[]string{"os", "internal/policy", "webhook"}},
	{"internal/policy", "a decision is a function of policy, request and facts", impure},
	{"internal/landing", "a decision is a function of policy, request and facts", impure},
	{"internal/inventory", "it drafts from what it is handed; callers read clusters and files", append([]string{"webhook", "internal/cli", "internal/policy"}, impure...)},
	{"internal/drift", "it judges what was read, and reads nothing", append([]string{"webhook", "internal/cli", "internal/policy", "internal/doctor"}, impure...)},
	{"internal/layers", "it writes a policy down for others; callers read clusters and files", append([]string{"webhook", "internal/cli", "internal/policy"}, impure...)},
	{"internal/native", "what is written depends on the policy alone", impure},
	{"internal/displacement", "a decision is a function of policy, request and facts", impure},
	{"internal/polyaxon", "a decision is a function of policy, request and facts", impure},
	{"internal/audit", "it judges what it is handed; callers list and watch", append([]string{"webhook", "internal/cli"}, impure...)},
	{"internal/drill", "it judges what it is handed; callers read the cluster", append([]string{"webhook", "internal/cli"}, drawing...)},
	{"internal/report", "it says what it is handed; internal/cluster writes it", append([]string{"webhook", "internal/cli"}, impure...)},
	{"internal/reporter", "it writes what somebody found, and finds nothing", []string{"webhook", "internal/cli", "sigs.k8s.io/controller-runtime"}},
	{"internal/auditannotations", "webhook writes it, the plugin reads it", append([]string{"webhook", "internal/cli"}, impure...)},
	{"internal/replay", "it decides again on what a log holds; callers open files", []string{"os", "webhook", "internal/cli", "k8s.io/client-go", "sigs.k8s.io/controller-runtime"}},
	{"internal/template", "it finds pods and has no opinion on them", append([]string{"internal/policy", "webhook"}, impure...)},
	{"internal/polyaxonfile", "it finds pods and has no opinion on them", append([]string{"internal/policy", "webhook"}, impure...)},
	{"internal/manifest", "it finds pods and has no opinion on them", []string{"internal/policy", "webhook"}},
	// cli-runtime finds and names objects of a cluster as kubectl does, and brings the scheme, discovery and REST clients
	// of client-go: four milliseconds. No clientset can be imported without kubernetes/typed.
	{"internal/cli", "the plugin starts in milliseconds, and asks for the few objects that it needs by REST",
		[]string{
			"webhook", "sigs.k8s.io/controller-runtime", "go.opentelemetry.io",
			"k8s.io/client-go/kubernetes/typed", "k8s.io/client-go/informers", "k8s.io/client-go/listers",
		}},
	{"internal/doctor", "it judges what was read, and reads nothing",
		[]string{"net/http", "os", "log", "log/slog", "internal/cli", "webhook", "k8s.io/client-go", "sigs.k8s.io/controller-runtime"}},
	{"certs/verify", "the plugin asks, too, and has no server in it", []string{"os", "k8s.io/client-go", "sigs.k8s.io/controller-runtime"}},
	{"internal/picture", "it draws what it is given, and neither asks a cluster nor judges", append([]string{"internal/policy", "internal/cli"}, drawing...)},
	{"internal/siege", "it sends requests of anybody's, as bytes", []string{"webhook", "sigs.k8s.io/controller-runtime", "k8s.io/client-go"}},
	{"internal/corpus", "it reads cases, of the project and of administrators; callers open folders and show what failed",
		[]string{"os", "internal/cli", "webhook"}},
	{"webhook/serve", "it serves whatever handlers it is given, and knows nothing of what they decide", []string{"internal", "certs"}},
	{"internal/hostile", "it attacks an address, whoever serves there", []string{"webhook", "certs"}},
	{"webhook", "the server answers reviews; files of people are the plugin's",
		[]string{"internal/cli", "internal/manifest", "internal/corpus"}},
	{"webhook", "nothing that writes stands on the way of a review: internal/auditor writes",
		[]string{"internal/audit", "internal/report", "internal/reporter"}},
	{"internal/auditor", "it works beside the reviews, and is handed what it is to tell", []string{"internal/cli", "webhook"}},
}

var impure = []string{
	"net/http", "os", "time", "log", "log/slog",
	"k8s.io/client-go", "sigs.k8s.io/controller-runtime", "github.com/prometheus/client_golang", "go.opentelemetry.io",
}

// drawing is impure without time: a map says when it was taken, and a drill evicts the pods that started last.
var drawing = slices.DeleteFunc(slices.Clone(impure), func(pkg string) bool { return pkg == "time" })

func TestImports(t *testing.T) {
	for _, rule := range rules {
		t.Run(rule.pkg, func(t *testing.T) {
			direct := list(t, "-f", `{{join .Imports "\n"}}`, module+rule.pkg)
			all := list(t, "-deps", module+rule.pkg)
			for _, bad := range rule.forbidden {
				where := direct
				if strings.Contains(bad, ".") { // a module
					where = all
				} else if slices.Contains(own, strings.Split(bad, "/")[0]) {
					bad = module + bad
				}
				for _, got := range where {
					if got == bad || strings.HasPrefix(got, bad+"/") && strings.Contains(bad, ".") {
						t.Errorf("%s imports %s: %s", rule.pkg, got, rule.why)
					}
				}
			}
		})
	}
}

// TestAuditorIsBeside: one file of the server makes what watches and tells; all others know an interface of it at most.
func TestAuditorIsBeside(t *testing.T) {
	files, err := filepath.Glob("../../webhook/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d files, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		if name != "setup.go" && !strings.HasSuffix(name, "_test.go") && strings.Contains(string(text), module+"internal/auditor") {
			t.Errorf("%s imports internal/auditor: nothing that writes stands on the way of a review", name)
		}
	}
}

// own are the folders of our own packages.
var own = []string{"internal", "webhook", "certs"}

// list runs go list.
func list(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		t.Fatalf("go list %s: %v", strings.Join(args, " "), err)
	}
	return strings.Fields(string(out))
}

// TestNoUnsafe: what the compiler does not check, an attacker may.
func TestNoUnsafe(t *testing.T) {
	for _, pkg := range list(t, "-f", `{{if .Imports}}{{$p := .ImportPath}}{{range .Imports}}{{if eq . "unsafe"}}{{$p}}{{end}}{{end}}{{end}}`, module+"...") {
		t.Errorf("%s imports unsafe", pkg)
	}
}
