package e2e_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e"
	"github.com/polymoat/polymoat/e2e/cluster"
)

// looks are what the plugin is asked about a live cluster. What it answers stands in testdata/plugin. POLICY is a policy
// that governs the namespace elsewhere, whose pods were there before it; DEFAULT is the built-in one; HOST is the address
// of the API server, HELD the ConfigMap of the policy in force. The tenant is bound to polymoat-view.
var looks = []struct{ name, user, args string }{
	{"explain-placed", cluster.Admin, "explain pod/live"},
	{"explain-placed-json", cluster.Tenant, "explain pods live -o json"},
	{"diff-placed", cluster.Tenant, "diff pod/live"},
	{"where-placed", cluster.Tenant, "where pod/live"},
	{"explain-before", cluster.Admin, "explain pod/before -n elsewhere --policy POLICY"},
	{"explain-selected", cluster.Admin, "explain pods -l app.kubernetes.io/component=polyaxon-jobs -A --policy POLICY -o json"},
	{"diff-before", cluster.Admin, "diff pod before -n elsewhere --policy POLICY"},
	{"where-before", cluster.Admin, "where pod/before -n elsewhere --policy POLICY -o json"},
	{"explain-named", cluster.Admin, "explain pod/named -n elsewhere --policy POLICY"},
	{"explain-named-unknown", cluster.Tenant, "explain pod/named -n elsewhere --policy POLICY"},
	{"explain-claim", cluster.Admin, "explain pod/claims -n elsewhere --policy POLICY --as jane"},
	{"explain-claim-granted", cluster.Admin, "explain pod/claims -n elsewhere --policy POLICY --as carol"},
	{"explain-claim-unknown", cluster.Tenant, "explain pod/claims -n elsewhere --policy POLICY --as jane"},
	{"overrides-in-force", cluster.Tenant, "overrides --role jobs"},
	{"no-such-pod", cluster.Admin, "explain pod/missing pod/live"},
	{"no-such-kind", cluster.Admin, "explain operations.core.polyaxon.com/missing"},
	{"no-such-right", cluster.Tenant, "explain pods -n kube-system"},
	{"no-such-user", cluster.Tenant, "explain pods --token wrong"},
	{"preview-no-such-user", cluster.Tenant, "preview --policy POLICY --against POLICY --token wrong"},
	{"nothing-selected", cluster.Admin, "where pods -l app=nothing"},
	{"no-template", cluster.Admin, "explain service/kubernetes -n default"},
	{"preview-fewer-rights-in-force", cluster.Tenant, "preview --policy POLICY -n polyaxon"},
	{"preview-ungoverned", cluster.Admin, "preview --policy POLICY --against POLICY -n polyaxon"},
	{"preview-governed", cluster.Admin, "preview --policy POLICY --against DEFAULT -n elsewhere"},
	{"preview-released", cluster.Admin, "preview --policy POLICY --against DEFAULT -n polyaxon"},
	{"preview-fewer-rights", cluster.Tenant, "preview --policy POLICY --against DEFAULT -n polyaxon -o json"},
}

// What the plugin says of live objects is what the webhook would say, were they created again.
func TestPluginLooksAtTheCluster(t *testing.T) {
	inhabit(t)
	held := inForce(t)
	policies := strings.NewReplacer("POLICY", policyFile(t, "namespaces: [polyaxon]", "namespaces: [elsewhere]"), "DEFAULT", policyFile(t))
	for _, tc := range looks {
		t.Run(tc.name, func(t *testing.T) {
			code, out, errOut := plugin(t, tc.user, strings.Fields(policies.Replace(tc.args))...)
			got := fmt.Sprintf("$ kubectl polymoat %s\n%s%s(exit code %d)\n", tc.args, out, errOut, code)
			got = strings.NewReplacer(control.As(cluster.Admin).Host, "HOST", held, "HELD").Replace(got)
			file := filepath.Join("testdata", "plugin", tc.name+".txt")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(read(t, file), got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

// inhabit makes the pods that are looked at, and waits until the scheduler has bound them.
func inhabit(t *testing.T) {
	t.Helper()
	admin := as(t, cluster.Admin)
	before, named, claims := jobPod("before"), jobPod("named"), plainPod("elsewhere")
	named.Spec.NodeName, named.Spec.NodeSelector = "core-1", map[string]string{"polyaxon": "core"}
	claims.Name, claims.Labels = "claims", map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"}
	for _, pod := range []*corev1.Pod{before, named, claims} {
		pod.Namespace = "elsewhere"
		create(t, admin, pod)
	}
	live := jobPod("live")
	create(t, as(t, cluster.Tenant), live)
	allow(t, "tenant", &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: "elsewhere", Name: "tenant-views"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"},
	})
	allow(t, "tenant", &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: cluster.System, Name: "tenant-views-the-policy"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "polymoat-view"},
	})
	core := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "carol-is-trusted"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "polymoat-core"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: "carol"}},
	}
	create(t, admin, core)
	for _, pod := range []*corev1.Pod{live, before, claims} {
		awaitBound(t, admin, pod)
	}
}

// allow binds a role to a user.
func allow(t *testing.T, user string, binding *rbacv1.RoleBinding) {
	t.Helper()
	binding.Subjects = []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: user}}
	create(t, as(t, cluster.Admin), binding)
}

func awaitBound(t *testing.T, admin client.Client, pod *corev1.Pod) {
	t.Helper()
	err := control.Await("binding", func(ctx context.Context) error {
		if err := admin.Get(ctx, client.ObjectKeyFromObject(pod), pod); err != nil {
			return err
		}
		if pod.Spec.NodeName == "" {
			return fmt.Errorf("pod %s is not bound", pod.Name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Pods of controllers are judged as those controllers' users, and by their templates: the same answer for an object, for
// its pods, and under a new policy.
func TestPluginLooksAtWorkloads(t *testing.T) {
	workloads, err := e2e.Workloads()
	if err != nil {
		t.Fatal(err)
	}
	var mine []e2e.Workload
	for _, w := range workloads {
		if w.Name == "classic-0.6-notebook" || w.Name == "v2.16-job" || w.Name == "v1.20-postgresql" || w.Name == "classic-0.4-resources" {
			mine = append(mine, w)
			removeAfter(t, w.Object)
		}
	}
	bound, err := e2e.Place(t.Context(), control, mine)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range bound {
		code, out, errOut := plugin(t, cluster.Admin, "explain", "pod/"+p.Pod.Name)
		want := fmt.Sprintf(`^pod/%s \(polyaxon\)\n  Role: +%s\n  Why: [^:]+\n  Verdict: +Allowed\n$`, p.Pod.Name, p.Workload.Role)
		if code != 0 || !strings.HasPrefix(errOut, "policy: ") || !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("exit code %d, want output like %s\n%s%s", code, want, out, errOut)
		}
	}
	revised := policyFile(t, "notebooks,    nodePools: [experiments]", "notebooks,    nodePools: [builds]")
	code, out, errOut := plugin(t, cluster.Admin, "preview", "--policy", revised, "--against", policyFile(t))
	want := `Would run on another node pool: 1 pod
  Role:       notebooks
  Node pool:  experiments -> builds
  Pods:       deployment.apps/plx-notebook-f7e30ca7c428a3cf885a29c3a59e6b3b
              (polyaxon), 1 pod

`
	if code != 1 || errOut != "" || !strings.HasPrefix(out, want) {
		t.Errorf("exit code %d\n%s%s", code, out, errOut)
	}
}
