package doctor

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
)

var update = flag.Bool("update", false, "write what the checks find to testdata; then read the difference")

// example is a change to a healthy installation that a check must find.
type example struct {
	name   string // a phrase
	change func(*testing.T, *Facts)
}

// TestChecks breaks a healthy installation in one place at a time. What each check then says stands in testdata, in a file
// of its name. A check without an example is refused, and so is an example of no check.
func TestChecks(t *testing.T) {
	stray := sets.KeySet(examples)
	for _, check := range Checks {
		stray.Delete(check.ID)
		t.Run(check.ID, func(t *testing.T) {
			var text strings.Builder
			for _, tc := range examples[check.ID] {
				f := healthy(t)
				tc.change(t, f)
				r := Examine(f, []Check{check})
				text.WriteString("# " + tc.name + "\n")
				for _, finding := range r.Findings {
					text.WriteString(finding.String() + "\n")
				}
				if len(r.Findings) == 0 {
					t.Errorf("%s: nothing was found; change the example in internal/doctor/examples_test.go", tc.name)
				}
			}
			if len(examples[check.ID]) == 0 {
				t.Fatal("it has no example; write one in internal/doctor/examples_test.go, then run make goldens")
			}
			golden(t, check.ID+".txt", text.String())
		})
	}
	if stray.Len() > 0 {
		t.Errorf("examples of no check: %q", sets.List(stray))
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// What was shipped is healthy, but for what the built-in policy leaves to the administrator.
func TestHealthy(t *testing.T) {
	r := Examine(healthy(t), Checks)
	if len(r.LeftOut) > 0 {
		t.Errorf("left out: %v", r.LeftOut)
	}
	want := []string{`warning open-port: Every pod may connect to the port for reviews of Deployment "polymoat" in namespace "polymoat-system": ` +
		`no NetworkPolicy limits it to API servers. Anyone who connects can keep the server busy, and ask what the policy lets through. ` +
		`Fix: helm template polymoat manifests/chart --namespace polymoat-system --show-only templates/network.yaml ` +
		`--set 'networkPolicy.apiServers={ADDRESSES}' | kubectl apply -f - # those of your API servers; with konnectivity, of its agents. ` +
		`A list that lacks one stops runs`, `info pool-labels: Protected node pool "core" goes by the label "polyaxon", which a kubelet may write onto its own node. ` +
		`Anyone who takes over a node of runs can have it taken for a core node, and receive core's pods with their Secrets. ` +
		`Fix: kubectl label node NODE node-restriction.kubernetes.io/polyaxon=core # each of the pool, then name that label in the policy`}
	if diff := cmp.Diff(want, texts(r)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func texts(r Report) []string {
	var all []string
	for _, f := range r.Findings {
		all = append(all, f.String())
	}
	return all
}

// What may not be read is told, and no check passes that would have looked at it.
func TestUnread(t *testing.T) {
	needed := map[Resource]int{}
	for _, check := range Checks {
		for _, need := range check.Needs {
			needed[need]++
		}
	}
	delete(needed, LoadedPolicy)
	for resource, checks := range needed {
		t.Run(string(resource), func(t *testing.T) {
			f := healthy(t)
			f.Unread[resource] = apierrors.NewForbidden(schema.ParseGroupResource(string(resource)), "", errors.New("no right"))
			r := Examine(f, Checks)
			found := 0
			for _, finding := range r.Findings {
				if finding.Check == Access {
					found++
				}
			}
			if found != 1 || len(r.LeftOut) != checks {
				t.Errorf("%d findings, %d checks left out of %d that need it", found, len(r.LeftOut), checks)
			}
		})
	}
}

// What is told of it says what was not looked for, and how to be allowed to.
func TestAccess(t *testing.T) {
	f := healthy(t)
	f.Unread[Budgets] = apierrors.NewForbidden(schema.ParseGroupResource(string(Budgets)), "", errors.New("no right"))
	want := `warning access: Could not look at poddisruptionbudgets.policy: poddisruptionbudgets.policy is forbidden: no right. ` +
		`Whether these checks would find something is not known: disruption-budget, core-budget, core-selectors. ` +
		`Fix: kubectl create clusterrole polymoat-doctor-poddisruptionbudgets --verb=get,list --resource=poddisruptionbudgets.policy && ` +
		`kubectl create clusterrolebinding polymoat-doctor-poddisruptionbudgets --clusterrole=polymoat-doctor-poddisruptionbudgets --user=YOU # or run as an administrator`
	if got := unreadIn(Examine(f, Checks)).String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	f = healthy(t)
	f.Unread[Secrets] = apierrors.NewForbidden(schema.ParseGroupResource(string(Secrets)), "polymoat-tls", errors.New("no right"))
	want = "kubectl -n polymoat-system create role polymoat-doctor-secrets --verb=get --resource=secrets --resource-name=polymoat-tls && " +
		"kubectl -n polymoat-system create rolebinding polymoat-doctor-secrets --role=polymoat-doctor-secrets --user=YOU # or run as an administrator"
	if got := unreadIn(Examine(f, Checks)).Fix; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// unreadIn is the finding that something could not be looked at.
func unreadIn(r Report) Finding {
	return r.Findings[slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Check == Access })]
}

// Without an installation, and without a policy, the checks that would look at it are left out, not passed.
func TestLeftOut(t *testing.T) {
	f := healthy(t)
	f.Deployment = nil
	for _, check := range Examine(f, Checks).OK {
		for _, need := range check.Needs {
			if need == Deployments {
				t.Errorf("check %s passes without a Deployment", check.ID)
			}
		}
	}
	f = healthy(t)
	f.Policy = nil
	for _, check := range Examine(f, Checks).OK {
		for _, need := range check.Needs {
			if need == LoadedPolicy {
				t.Errorf("check %s passes without a policy", check.ID)
			}
		}
	}
}
