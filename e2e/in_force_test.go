package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// Without --against, the policy in force is that of the ConfigMap which the Deployment mounts.
func TestPreviewOfThePolicyInForce(t *testing.T) {
	file := policyFile(t)
	name := inForce(t)
	told := toldInForce(name)
	for title, tc := range map[string]struct {
		data              map[string]string
		code              int
		wantOut, wantErrs string
	}{
		"the same": {
			map[string]string{"polyaxon.yaml": read(t, file), "README": "no policy"},
			0, "Nothing differs for 0 pods.\n", told,
		},
		"no file": {
			map[string]string{"README": "no policy"},
			2, "", "error: the ConfigMap \"" + name + "\" in namespace \"polymoat-system\" holds no .yaml, .yml or .json file; " +
				"name the policy in force with --against FILE\n",
		},
		"a policy with a mistake": {
			map[string]string{"polyaxon.yaml": strings.Replace(read(t, file), "release:", "relaese:", 1)},
			2, "", "error: configmap/" + name + "[polyaxon.yaml]:9: spec.relaese: unknown field; did you mean \"release\"?\n",
		},
	} {
		t.Run(title, func(t *testing.T) {
			replacePolicy(t, name, tc.data)
			code, out, errOut := plugin(t, cluster.Admin, "preview", "--policy", file)
			if code != tc.code || out != tc.wantOut || errOut != tc.wantErrs {
				t.Errorf("exit code %d, want %d\n%s%s", code, tc.code, out, errOut)
			}
		})
	}
}

// TestNativeOfThePolicyInForce: the twin is that of the policy in the ConfigMap.
func TestNativeOfThePolicyInForce(t *testing.T) {
	file := policyFile(t)
	name := inForce(t)
	replacePolicy(t, name, map[string]string{"polyaxon.yaml": read(t, file)})
	_, want, _ := plugin(t, cluster.Admin, "native", "--policy", file)
	code, got, errOut := plugin(t, cluster.Admin, "native", "--in-force")
	if code != 0 || got != want || errOut != toldInForce(name) {
		t.Errorf("exit code %d, %d bytes, want the %d of the same policy as a file\n%s", code, len(got), len(want), errOut)
	}
}

// Where the cluster does not tell the policy in force, the plugin says what to do; an audit goes on by the built-in one.
func TestThePolicyInForceIsNotTold(t *testing.T) {
	admin, file := as(t, cluster.Admin), policyFile(t)
	var d appsv1.Deployment
	if err := admin.Get(t.Context(), client.ObjectKey{Namespace: cluster.System, Name: "polymoat"}, &d); err != nil {
		t.Fatal(err)
	}
	another := d.DeepCopy()
	another.ObjectMeta = metav1.ObjectMeta{Namespace: "elsewhere", Name: "moat", Labels: d.Labels}
	another.Spec.Replicas, another.Spec.Template.Spec.Volumes[0].ConfigMap = ptr.To[int32](0), nil
	another.Spec.Template.Spec.Volumes[0].EmptyDir = &corev1.EmptyDirVolumeSource{}
	create(t, admin, another)
	answers(t, "error: polymoat is installed more than once: \"elsewhere/moat\", \"polymoat-system/polymoat\"; "+
		"name the policy in force with --against FILE\n", "preview", "--policy", file)
	unlabel(t, &d)
	answers(t, "error: the Deployment \"moat\" in namespace \"elsewhere\" has no volume \"policy\" with a ConfigMap; "+
		"name the policy in force with --against FILE\n", "preview", "--policy", file)
	unlabel(t, another)
	answers(t, "error: no Deployment with the label \"app.kubernetes.io/name=polymoat\" tells the policy in force; name it with --against FILE "+
		"(the built-in one is what kubectl polymoat policy default prints)\n", "preview", "--policy", file)
	_, _, errOut := plugin(t, cluster.Admin, "audit")
	if want := "policy: the built-in one; the cluster at " + control.As(cluster.Admin).Host + " has no polymoat\n"; errOut != want {
		t.Errorf("audit says\n%swant\n%s", errOut, want)
	}
}

// toldInForce is the line in which the plugin says which policy counts.
func toldInForce(configMap string) string {
	return fmt.Sprintf("policy: \"polyaxon\", in force: ConfigMap %q in namespace \"polymoat-system\"\n", configMap)
}

// A draft from the cluster is a policy without doubts, and finds the nodes that are there.
func TestInitDraftsFromTheCluster(t *testing.T) {
	code, out, errOut := plugin(t, cluster.Admin, "init")
	p, err := v1alpha1.Load("draft", []byte(out))
	if code != 0 || errOut != "" || err != nil {
		t.Fatalf("exit code %d: %v\n%s%s", code, err, out, errOut)
	}
	core := p.Spec.NodePools[0]
	if len(p.Doubts) > 0 || core.NodeLabel.String() != "polyaxon=core" || !core.Protected || !strings.Contains(out, " now.\n  - name: core\n") {
		t.Errorf("%s\n%s", p.Doubts, out)
	}
}

// A tenant reads the policy in force with the ClusterRole that the chart has for it, and without it what to ask for.
func TestTenantsReadThePolicy(t *testing.T) {
	code, out, errOut := plugin(t, cluster.Tenant, "overrides")
	if code != 2 || out != "" || !strings.HasSuffix(errOut, "; ask for ClusterRole polymoat-view in the namespace of polymoat, "+
		"or name the policy in force with --policy FILE\n") {
		t.Errorf("without the role: exit code %d\n%s%s", code, out, errOut)
	}
	allow(t, "tenant", &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: cluster.System, Name: "tenant-views"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "polymoat-view"},
	})
	code, out, errOut = plugin(t, cluster.Tenant, "policy", "show")
	want := fmt.Sprintf("policy: in force: ConfigMap %q in namespace \"polymoat-system\"\n", inForce(t))
	if code != 0 || !strings.Contains(out, "kind: PlacementPolicy\n") || errOut != want {
		t.Errorf("policy show: exit code %d\n%s%s", code, out, errOut)
	}
	secrets := &corev1.SecretList{}
	if err := as(t, cluster.Tenant).List(t.Context(), secrets, client.InNamespace(cluster.System)); !apierrors.IsForbidden(err) {
		t.Errorf("the tenant lists the Secrets of polymoat: %v", err)
	}
}

// unlabel takes from a Deployment the label by which the plugin finds it, until the test ends.
func unlabel(t *testing.T, d *appsv1.Deployment) {
	t.Helper()
	mark := func(ctx context.Context, value string) {
		before := client.MergeFrom(d.DeepCopy())
		d.Labels["app.kubernetes.io/name"] = value
		if err := as(t, cluster.Admin).Patch(ctx, d, before); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(func() { mark(context.WithoutCancel(t.Context()), "polymoat") })
	mark(t.Context(), "moat")
}

// answers holds the plugin to an error, and to nothing else.
func answers(t *testing.T, want string, args ...string) {
	t.Helper()
	if code, out, errOut := plugin(t, cluster.Admin, args...); code != 2 || out != "" || errOut != want {
		t.Errorf("%q: exit code %d\n%s%swant\n%s", args, code, out, errOut, want)
	}
}

// inForce is the ConfigMap that the installation's Deployment mounts.
func inForce(t *testing.T) string {
	t.Helper()
	var d appsv1.Deployment
	if err := as(t, cluster.Admin).Get(t.Context(), client.ObjectKey{Namespace: cluster.System, Name: "polymoat"}, &d); err != nil {
		t.Fatal(err)
	}
	return d.Spec.Template.Spec.Volumes[0].ConfigMap.Name
}

// replacePolicy gives the ConfigMap another content until the test ends. The running server keeps what it has read.
func replacePolicy(t *testing.T, name string, data map[string]string) {
	t.Helper()
	admin := as(t, cluster.Admin)
	held := &corev1.ConfigMap{}
	if err := admin.Get(t.Context(), client.ObjectKey{Namespace: cluster.System, Name: name}, held); err != nil {
		t.Fatal(err)
	}
	put := func(ctx context.Context, data map[string]string) { // it is immutable
		err := admin.Delete(ctx, held)
		held.ResourceVersion, held.UID, held.Data = "", "", data
		if err := errors.Join(err, admin.Create(ctx, held)); err != nil {
			t.Error(err)
		}
	}
	before := held.Data
	t.Cleanup(func() { put(context.WithoutCancel(t.Context()), before) })
	put(t.Context(), data)
}
