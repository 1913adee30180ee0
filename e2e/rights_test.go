package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/polymoat/polymoat/e2e/binaries"
	"github.com/polymoat/polymoat/e2e/cluster"
)

// TestRights: what the server may do is the table of manifests/README.md, and nothing besides what every service account may.
func TestRights(t *testing.T) {
	everybody := rights(t, "default")
	got := slices.DeleteFunc(rights(t, "polymoat"), func(right string) bool { return slices.Contains(everybody, right) })
	if diff := cmp.Diff(shownRights(t), got); diff != "" {
		t.Errorf("rights (-document +API server):\n%s", diff)
	}
}

// rights are those of a service account in polymoat's namespace, as rows of a table: "`nodes` | any | list, watch".
func rights(t *testing.T, account string) []string {
	t.Helper()
	review := &authorizationv1.SelfSubjectRulesReview{}
	review.Spec.Namespace = cluster.System
	if err := as(t, "system:serviceaccount:"+cluster.System+":"+account).Create(t.Context(), review); err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, rule := range review.Status.ResourceRules {
		names := "any"
		if len(rule.ResourceNames) > 0 {
			names = "`" + strings.Join(rule.ResourceNames, "`, `") + "`"
		}
		for _, resource := range rule.Resources {
			resource = strings.TrimSuffix(resource+"."+rule.APIGroups[0], ".")
			rows = append(rows, fmt.Sprintf("`%s` | %s | %s", resource, names, strings.Join(rule.Verbs, ", ")))
		}
	}
	for _, rule := range review.Status.NonResourceRules {
		rows = append(rows, fmt.Sprintf("%s %s", rule.Verbs, rule.NonResourceURLs))
	}
	slices.Sort(rows)
	return rows
}

// shownRights are the rows of that table, without the reasons, and one for each resource.
func shownRights(t *testing.T) []string {
	t.Helper()
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(root, "manifests", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	table := regexp.MustCompile(`\| resource \| names \| verbs \| what for \|\n\|[-|]+\n((?:\|.*\n)+)`).FindStringSubmatch(string(readme))
	if table == nil {
		t.Fatal("manifests/README.md has no table of rights")
	}
	var rows []string
	for _, m := range regexp.MustCompile(`(?m)^\| (.+) (\| .+ \| .+) \| .+ \|$`).FindAllStringSubmatch(table[1], -1) {
		for resource := range strings.SplitSeq(m[1], ", ") {
			rows = append(rows, resource+" "+m[2])
		}
	}
	slices.Sort(rows)
	return rows
}
