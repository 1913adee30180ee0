package e2e_test

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e"
	"github.com/polymoat/polymoat/e2e/cluster"
)

// stock are the charts of testdata/stock: which training operators were installed beside them, and their runs.
var stock = []struct {
	version   string
	operators []string
	runs      []run
}{
	{"0.6", []string{"tfjob", "pytorchjob", "mpijob"}, classicRuns},
	{"1.20", []string{"trainingjobs"}, modernRuns("1.20.0")},
	{"2.15", []string{"trainingjobs"}, append(modernRuns("2.16.4"), newRuns...)},
}

// TestStockPolyaxon installs Polyaxon as its charts are, without a value that places anything, beside polymoat as it is.
// Every pod of the charts and of their hooks is bound to core, every run to the pool of its role; then the charts are
// upgraded, the database is rolled back, and all is uninstalled.
func TestStockPolyaxon(t *testing.T) {
	for _, s := range stock {
		t.Run(s.version, func(t *testing.T) {
			r := newRelease(t, s.version)
			r.helm("install", "--set=build=first")
			for _, app := range s.operators {
				r.operator(app)
			}
			placeRuns(t, s.runs)
			r.helm("upgrade", "--set=build=second,secured=true")
			r.databaseRuns("second")
			r.undo()
			r.run("uninstall", "polyaxon", "--wait", "--cascade=foreground")
			r.wasBoundToCore()
		})
	}
}

// release is Polyaxon's chart, installed as "polyaxon" into the namespace of the same name.
type release struct {
	t       *testing.T
	version string
	seen    *sightings
}

func newRelease(t *testing.T, version string) *release {
	t.Helper()
	r := &release{t: t, version: version, seen: watchPods(t)}
	t.Cleanup(func() { // what is left of a failed test must not fail the others
		_, _ = helm.Run(context.WithoutCancel(t.Context()), "uninstall", "polyaxon", "--namespace=polyaxon", "--ignore-not-found", "--no-hooks")
	})
	return r
}

// helm installs or upgrades the chart, and waits until its hooks have ended and its pods are ready.
func (r *release) helm(command string, flags ...string) {
	r.t.Helper()
	chart, values := filepath.Join("testdata", "stock", "polyaxon"), filepath.Join("testdata", "stock", r.version+".yaml")
	r.run(append([]string{command, "polyaxon", chart, "--values=" + values, "--wait"}, flags...)...)
}

// run runs helm. What is refused is told by the events of whoever asked for it.
func (r *release) run(args ...string) {
	r.t.Helper()
	if _, err := helm.Run(r.t.Context(), append(args, "--namespace=polyaxon", "--timeout=2m")...); err != nil {
		r.t.Fatalf("%v\n%v", err, e2e.Warnings(context.WithoutCancel(r.t.Context()), as(r.t, cluster.Admin)))
	}
}

// operator installs the chart of a training operator, which is a release of its own.
func (r *release) operator(app string) {
	r.t.Helper()
	r.t.Cleanup(func() {
		if _, err := helm.Run(context.WithoutCancel(r.t.Context()), "uninstall", app, "--namespace=polyaxon", "--wait", "--ignore-not-found"); err != nil {
			r.t.Error(err)
		}
	})
	r.run("install", app, filepath.Join("testdata", "stock", "training"), "--set=app="+app, "--wait")
	r.seen.expect("Deployment/" + app + "-" + app)
}

// undo rolls the database back to its first build, as an administrator does by hand.
func (r *release) undo() {
	r.t.Helper()
	if _, err := exec.LookPath("kubectl"); err != nil {
		r.t.Log("left out: there is no kubectl on this machine")
		return
	}
	cmd := exec.CommandContext(r.t.Context(), "kubectl", "--kubeconfig", control.Kubeconfig(cluster.Admin), "rollout", "undo", "statefulset/polyaxon-postgresql")
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	r.databaseRuns("first")
}

// databaseRuns waits until the bundled database of that build runs on core.
func (r *release) databaseRuns(build string) {
	r.t.Helper()
	await(r.t, "the database of the "+build+" build", func(ctx context.Context) error {
		var pod corev1.Pod
		if err := as(r.t, cluster.Admin).Get(ctx, client.ObjectKey{Namespace: cluster.Namespace, Name: "polyaxon-postgresql-0"}, &pod); err != nil {
			return err
		}
		if pod.Annotations["build"] != build || pod.Status.Phase != corev1.PodRunning || !onCore(&pod) {
			return fmt.Errorf("build %q is %s on node %q", pod.Annotations["build"], pod.Status.Phase, pod.Spec.NodeName)
		}
		return nil
	})
}

// wasBoundToCore fails for every workload of the chart of which no pod was seen, and for every pod that left core.
func (r *release) wasBoundToCore() {
	r.t.Helper()
	values := filepath.Join("testdata", "stock", r.version+".yaml")
	text, err := helm.Run(r.t.Context(), "template", "polyaxon", filepath.Join("testdata", "stock", "polyaxon"), "--values="+values)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, object := range decodeAll(r.t, text) {
		if _, found, _ := unstructured.NestedMap(object.Object, "spec", "template"); found {
			r.seen.expect(object.GetKind() + "/" + object.GetName())
		}
	}
	r.seen.judge(r.t)
}

// placeRuns creates the runs as Polyaxon's operators do. Each must be bound to the pool of its role.
func placeRuns(t *testing.T, runs []run) {
	t.Helper()
	var all []e2e.Workload
	for _, r := range runs {
		w := r.workload(t)
		removeAfter(t, w.Object)
		if r.ownAccount {
			create(t, as(t, cluster.Admin), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: r.id()}})
		}
		all = append(all, w)
	}
	place(t, all)
}
