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

// rule says what a package must not import, itself or through others of ours.
type rule struct {
	pkg, why  string
	forbidden []string
}

// through are packages of ours whose imports are their own affair: the server's set-up hands them what they need.
var through = map[string][]string{"webhook": {"internal/auditor", "internal/cluster"}}

var rules = []rule{
	{"internal/api/v1alpha1", "callers open files; the document knows nothing of who reads it",
		[]string{"os", "internal/policy", "webhook"}},
	{"internal/policy", "a decision is a function of policy, request and facts", impure},
	{"internal/override", "it reads one pod inside the bounds of its role; the policy is above it", append([]string{"webhook", "internal/policy"}, impure...)},
	{"internal/unschedulable", "it judges what it is handed; the policy is above it", append([]string{"webhook", "internal/policy"}, impure...)},
	{"internal/landing", "a decision is a function of policy, request and facts", impure},
	{"internal/inventory", "it drafts from what it is handed; callers read clusters and files", append([]string{"webhook", "internal/cli", "internal/policy"}, impure...)},
	{"internal/drift", "it judges what was read, and reads nothing", append([]string{"webhook", "internal/cli", "internal/doctor"}, impure...)},
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
	{"internal/cli/input", "it reads, and its caller's report is told what it could not read",
		[]string{"webhook", "sigs.k8s.io/controller-runtime", "k8s.io/client-go/kubernetes/typed"}},
	{"internal/cli/print", "it writes what it is handed, and knows no cluster and no policy",
		[]string{"net/http", "internal/policy", "internal/doctor", "webhook", "k8s.io/client-go", "sigs.k8s.io/controller-runtime"}},
	{"internal/doctor", "it judges what was read, and reads nothing",
		[]string{"net/http", "os", "log", "log/slog", "internal/cli", "webhook", "k8s.io/client-go", "sigs.k8s.io/controller-runtime"}},
	{"certs/verify", "the plugin asks, too, and has no server in it", []string{"os", "k8s.io/client-go", "sigs.k8s.io/controller-runtime"}},
	{"internal/explain", "it words a decision for programs; callers print it", append([]string{"webhook", "internal/cli"}, impure...)},
	{"internal/preview", "it compares what was read, and reads nothing", append([]string{"webhook", "internal/cli"}, impure...)},
	{"internal/clustermap", "it maps what it is handed; callers read the cluster", append([]string{"webhook", "internal/cli"}, drawing...)},
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

// graph is what each package imports directly.
type graph map[string][]string

// reached are the rule's package and all that it imports, through whatever.
func (g graph) reached(r rule) []string {
	found := []string{module + r.pkg}
	for i := 0; i < len(found); i++ {
		for _, next := range g[found[i]] {
			if !slices.Contains(found, next) && !slices.Contains(through[r.pkg], strings.TrimPrefix(next, module)) {
				found = append(found, next)
			}
		}
	}
	return found
}

// broken are the imports that the rule forbids: of the package itself, or of one of ours that it reaches. A module is
// forbidden to all that is linked.
func (g graph) broken(r rule) []string {
	var found []string
	for _, pkg := range g.reached(r) {
		for _, got := range g[pkg] {
			if got == "time" && pkg == module+"internal/api/v1alpha1" {
				continue // it reads days, and no clock
			}
			if slices.ContainsFunc(r.forbidden, func(bad string) bool {
				return matches(got, bad) && (isModule(bad) || strings.HasPrefix(pkg, module))
			}) {
				found = append(found, strings.TrimPrefix(pkg, module)+" imports "+strings.TrimPrefix(got, module))
			}
		}
	}
	return found
}

func isModule(name string) bool { return strings.Contains(strings.Split(name, "/")[0], ".") }

// matches says whether a package is the forbidden one, or belongs to the forbidden module or room.
func matches(pkg, bad string) bool {
	if slices.Contains(own, strings.Split(bad, "/")[0]) {
		return pkg == module+bad || strings.HasPrefix(pkg, module+bad+"/")
	}
	return pkg == bad || isModule(bad) && strings.HasPrefix(pkg, bad+"/")
}

func TestImports(t *testing.T) {
	g := graph{}
	for line := range strings.Lines(run(t, "list", "-deps", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./../...", "./../../cmd/...", "./../../webhook/...", "./../../certs/...")) {
		fields := strings.Fields(line)
		g[fields[0]] = fields[1:]
	}
	for _, rule := range rules {
		t.Run(rule.pkg, func(t *testing.T) {
			if _, ok := g[module+rule.pkg]; !ok {
				t.Fatal("there is no such package")
			}
			for _, found := range g.broken(rule) {
				t.Errorf("%s reaches what it must not: %s: %s", rule.pkg, found, rule.why)
			}
			for _, bad := range rule.forbidden {
				if !exists(g, bad) {
					t.Errorf("%q is forbidden, and nothing is called so", bad)
				}
			}
		})
	}
}

// exists says whether anything is called so that could be imported.
func exists(g graph, bad string) bool {
	for pkg := range g {
		if matches(pkg, bad) {
			return true
		}
	}
	return false
}

// TestAPlantedImportIsFound: also where another of our packages imports it.
func TestAPlantedImportIsFound(t *testing.T) {
	g := graph{
		module + "internal/policy":  {"strings", module + "internal/landing"},
		module + "internal/landing": {module + "internal/report"},
		module + "internal/report":  {"os", "k8s.io/client-go/rest"},
	}
	want := []string{"internal/report imports os", "internal/report imports k8s.io/client-go/rest"}
	if got := g.broken(rule{pkg: "internal/policy", forbidden: impure}); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestARoomIsForbiddenWhole: with a package go those below it.
func TestARoomIsForbiddenWhole(t *testing.T) {
	g := graph{module + "webhook/serve": {module + "internal/cli/print", "internal/abi"}}
	want := []string{"webhook/serve imports internal/cli/print"}
	for _, bad := range []string{"internal", "internal/cli"} {
		if got := g.broken(rule{pkg: "webhook/serve", forbidden: []string{bad}}); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
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

// run is what go prints.
func run(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", args...).Output()
	if err != nil {
		t.Fatalf("go %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}

// TestNoUnsafe: what the compiler does not check, an attacker may.
func TestNoUnsafe(t *testing.T) {
	for pkg := range strings.FieldsSeq(run(t, "list", "-f", `{{if .Imports}}{{$p := .ImportPath}}{{range .Imports}}{{if eq . "unsafe"}}{{$p}}{{end}}{{end}}{{end}}`, module+"...")) {
		t.Errorf("%s imports unsafe", pkg)
	}
}
