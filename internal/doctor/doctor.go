// Package doctor judges an installation of polymoat by what was read of its cluster: is it whole, does the API server trust
// it, does it run the policy that it should, and do the nodes, rights and Polyaxon itself keep what the policy takes for
// granted. It reads nothing itself and changes nothing.
//
// Checks lists every question. Each finding says what was found, why it matters and which command mends it; what the
// caller may not read is a finding, too, and never a silent pass.
package doctor

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Severity says how bad a finding is. The zero value is none.
type Severity string

// The severities, from the worst to the mildest.
const (
	Error   Severity = "error"   // pods are refused or left unguarded, now or as soon as something restarts
	Warning Severity = "warning" // the next failure, or the next certificate, makes an error of it
	Info    Severity = "info"    // worth knowing; nothing has to be done
)

// Severities are all of them, in the order in which findings are told.
var Severities = []Severity{Error, Warning, Info}

// Finding is one thing that is not as it should be.
type Finding struct {
	// Check is the ID of the check that found it: "ca-bundle".
	Check    string   `json:"check"`
	Severity Severity `json:"severity"`
	// What is one sentence that names the object and the value; Why says in one what comes of it.
	What string `json:"what"`
	Why  string `json:"why"`
	// Fix is a command to copy. Words in capitals are to be replaced.
	Fix string `json:"fix"`
}

// String is the finding on one line.
func (f Finding) String() string {
	return fmt.Sprintf("%s %s: %s %s Fix: %s", f.Severity, f.Check, f.What, f.Why, f.Fix)
}

// Access is the ID of the finding that something could not be looked at. No check of that name runs: it is found
// wherever a check needs what is missing.
const Access = "access"

// Check is one question. Its ID is permanent: programs read it. Doc is what holds where nothing is found.
type Check struct {
	ID, Doc string
	// Needs is all that it looks at. Where any of it was not read, the check is left out, and that is a finding.
	Needs []Resource
	Run   func(View) []Finding
}

// Report is the outcome of all checks.
type Report struct {
	Findings []Finding // by severity, then in the order of the checks
	OK       []Check   // those that found nothing
	LeftOut  []Check   // those that could not run
}

// Examine runs checks over what was read.
func Examine(f *Facts, checks []Check) Report {
	v := newView(f)
	var r Report
	blind := map[Resource][]string{}
	for _, check := range checks {
		if missing := v.missing(check.Needs); len(missing) > 0 {
			r.LeftOut = append(r.LeftOut, check)
			for _, resource := range missing {
				blind[resource] = append(blind[resource], check.ID)
			}
			continue
		}
		found := check.Run(v)
		if len(found) == 0 {
			r.OK = append(r.OK, check)
		}
		for _, finding := range found {
			finding.Check = check.ID
			r.Findings = append(r.Findings, finding)
		}
	}
	r.Findings = append(r.Findings, v.unread(blind)...)
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Compare(slices.Index(Severities, a.Severity), slices.Index(Severities, b.Severity))
	})
	return r
}

// unread are the findings for what could not be looked at. What is missing because of an error that another check
// reports, such as a policy that does not load, is none.
func (v View) unread(blind map[Resource][]string) []Finding {
	var found []Finding
	for _, resource := range slices.Sorted(maps.Keys(blind)) {
		err := v.Unread[resource]
		if err == nil {
			continue
		}
		found = append(found, Finding{
			Check: Access, Severity: Warning,
			What: fmt.Sprintf("Could not look at %s: %v.", resource, err),
			Why:  fmt.Sprintf("Whether these checks would find something is not known: %s.", strings.Join(blind[resource], ", ")),
			Fix:  v.allow(resource),
		})
	}
	return found
}

// allow is the command that lets somebody look. Of Secrets it is the one, in its namespace, and no other.
func (v View) allow(resource Resource) string {
	if resource == Neighbours {
		resource = Pods
	}
	name, _, _ := strings.Cut(string(resource), ".")
	name = "polymoat-doctor-" + name
	if resource == Secrets && v.Deployment != nil {
		return v.kubectl(fmt.Sprintf("create role %s --verb=get --resource=secrets --resource-name=%s", name, ServingSecret(v.Deployment))) +
			" && " + v.kubectl(fmt.Sprintf("create rolebinding %s --role=%s --user=YOU # or run as an administrator", name, name))
	}
	return fmt.Sprintf("kubectl create clusterrole %s --verb=get,list --resource=%s && "+
		"kubectl create clusterrolebinding %s --clusterrole=%s --user=YOU # or run as an administrator", name, resource, name, name)
}
