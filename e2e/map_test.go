package e2e_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/picture"
)

// The map of a live cluster shows every pod on its node, and marks those that were on core before the policy came.
func TestMapOfTheCluster(t *testing.T) {
	inhabit(t)
	policies := policyFile(t, "namespaces: [polyaxon]", "namespaces: [elsewhere]")
	code, out, errOut := plugin(t, cluster.Admin, "map", "--policy", policies, "-n", "elsewhere", "-o", "json")
	if code != 1 || errOut != "" {
		t.Fatalf("exit code %d, want 1\n%s", code, errOut)
	}
	var m picture.Map
	if err := json.Unmarshal([]byte(out), &m); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"named":  `core-1: misplaced, role "jobs" may not use node pool "core"`,
		"before": "", "claims": "",
	}
	if diff := cmp.Diff(want, marked(t, &m)); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}

	code, out, errOut = plugin(t, cluster.Admin, "map", "--policy", policies, "-n", "elsewhere", "--width", "120")
	const summary = "1 pod is on a protected node and is not allowed there: elsewhere/named on core-1.\n" +
		"Only pods of \"elsewhere\" were looked at: others may be there, too.\n\ncore (protected) "
	if code != 1 || errOut != "" || !strings.HasPrefix(out, summary) {
		t.Errorf("exit code %d, want 1, and text that begins with\n%s\n%s%s", code, summary, out, errOut)
	}

	code, out, errOut = plugin(t, cluster.Admin, "map", "--policy", policies, "-o", "html")
	if code != 1 || errOut != "" || !strings.HasPrefix(out, "<!DOCTYPE html>") || !strings.Contains(out, `data-node="core-1"`) {
		t.Errorf("exit code %d, want 1, and a page that shows core-1\n%.300s%s", code, out, errOut)
	}
}

// Whoever may not list all pods gets those of the governed namespaces, and whoever may not list nodes gets no map.
func TestMapWithFewerRights(t *testing.T) {
	inhabit(t)
	policies := policyFile(t, "namespaces: [polyaxon]", "namespaces: [elsewhere]")
	code, out, errOut := plugin(t, cluster.Tenant, "map", "--policy", policies)
	const noNodes = `error: nodes is forbidden: User "tenant" cannot list resource "nodes" in API group "" at the cluster scope; ` +
		"ask an administrator of the cluster for that right\n"
	if code != 2 || out != "" || errOut != noNodes {
		t.Errorf("without a right to nodes: exit code %d, want 2 and\n%s\n%s%s", code, noNodes, out, errOut)
	}

	allowNodes(t)
	code, out, errOut = plugin(t, cluster.Tenant, "map", "--policy", policies)
	const someNamespaces = `note: only pods of governed namespaces are drawn: pods is forbidden: User "tenant" cannot list resource "pods" ` +
		`in API group "" at the cluster scope` + "\n"
	if code != 1 || errOut != someNamespaces || !strings.Contains(out, "\nOnly pods of \"elsewhere\" were looked at: others may be there, too.\n") {
		t.Errorf("with a right to nodes: exit code %d, want 1 and\n%s\n%s%s", code, someNamespaces, out, errOut)
	}
}

// allowNodes lets the tenant list nodes.
func allowNodes(t *testing.T) {
	t.Helper()
	const name = "tenant-lists-nodes"
	create(t, as(t, cluster.Admin), &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"list"}}},
	})
	create(t, as(t, cluster.Admin), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: cluster.Tenant}},
	})
	tenant := as(t, cluster.Tenant)
	err := control.Await("the right to list nodes", func(ctx context.Context) error { return tenant.List(ctx, &corev1.NodeList{}) })
	if err != nil {
		t.Fatal(err)
	}
}

// marked are the pods that inhabit made, and what is said of them: "core-1: misplaced, ...".
func marked(t *testing.T, m *picture.Map) map[string]string {
	t.Helper()
	got := map[string]string{}
	for _, pool := range m.Pools {
		for _, n := range pool.Nodes {
			for _, p := range n.Pods {
				if !slices.Contains([]string{"named", "before", "claims"}, p.Name) {
					t.Errorf("pod %s/%s is drawn, and not one that was made", p.Namespace, p.Name)
				}
				got[p.Name] = ""
				if p.Mark != "" {
					got[p.Name] = n.Name + ": " + string(p.Mark) + ", " + p.Because
				}
			}
		}
	}
	return got
}
