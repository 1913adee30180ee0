package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e"
	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/patch"
	"github.com/polymoat/polymoat/internal/policy"
)

// BenchmarkAdmission creates the pod of a job through the API server, by dry-run, in turns: without admission, by a pair of
// floors that answers our patch, by our pair, by the native twin, which is policies in CEL that the API server itself
// evaluates, and by both.
func BenchmarkAdmission(b *testing.B) {
	const rounds, together, span = 20, 8, 250 * time.Millisecond
	api, pod := newAPIServer(b), jobPod(b)
	bare := &contender{apiServer: api, name: "nobody is asked", namespace: "bench-bare"}
	floor := &contender{apiServer: api, name: "a pair of floors", namespace: "bench-floor"}
	ours := &contender{apiServer: api, name: "polymoat", namespace: cluster.Namespace, refuses: "denied the request: "}
	twin := &contender{apiServer: api, name: "the native twin", namespace: "bench-twin", refuses: "ValidatingAdmissionPolicy 'polymoat-bench"}
	beside := &contender{apiServer: api, name: "polymoat and the native twin", namespace: both, refuses: "denied request: "}
	all := []*contender{bare, floor, ours, twin, beside}
	for _, c := range all {
		makeNamespace(b, c.namespace)
	}
	startFloor(b, floor.namespace, ourPatch(b, bare, pod))
	install(b)
	if err := control.Create(readObjects(b, "everybody.yaml")...); err != nil {
		b.Fatal(err)
	}
	if err := e2e.CreateTwin(control, twinPolicy(b, twin.namespace, both)); err != nil {
		b.Fatal(err)
	}
	for _, c := range []*contender{floor, twin, beside} {
		holdSame(b, ours, c, pod)
	}
	holdRefused(b, pod, ours, twin, beside)
	holdAlike(b, ours, twin)
	holdStrict(b, bare, ours, twin)
	for _, c := range all {
		c.load(b, pod, together, 4*span) // warm
		c.reset()
	}
	for b.Loop() {
		for range rounds {
			for _, c := range all {
				c.load(b, pod, together, span)
			}
		}
	}
	fmt.Fprintf(os.Stdout, "\ndry-run creates of a pod of %d bytes, %d at once\n%-31s %9s %7s %9s %9s %9s\n", len(pod), together,
		"admission", "creates/s", "to bare", "to floors", "p50", "p99")
	for _, c := range all {
		c.report(b, bare, floor)
	}
}

// twinPolicy is the built-in policy for other namespaces.
func twinPolicy(b *testing.B, namespaces ...string) *v1alpha1.PlacementPolicy {
	b.Helper()
	p, err := v1alpha1.Load("twin", []byte(policyFor(namespaces...)))
	if err != nil {
		b.Fatal(err)
	}
	p.Metadata.Name = "bench"
	return p
}

// jobPod is the pod of a job by Polyaxon 2.16, with the default service account.
func jobPod(b *testing.B) []byte {
	b.Helper()
	text, err := os.ReadFile(filepath.Join(site.Root, "webhook", "testdata", "review.json"))
	if err != nil {
		b.Fatal(err)
	}
	var review struct{ Request struct{ Object corev1.Pod } }
	if err := json.Unmarshal(text, &review); err != nil {
		b.Fatal(err)
	}
	pod := &review.Request.Object
	pod.Namespace, pod.Spec.ServiceAccountName, pod.Spec.DeprecatedServiceAccount = "", "", ""
	raw, err := json.Marshal(pod)
	if err != nil {
		b.Fatal(err)
	}
	return raw
}

// makeNamespace makes a namespace, where it is not there, and waits until it takes pods.
func makeNamespace(b *testing.B, name string) {
	b.Helper()
	c, err := client.New(control.As(cluster.Admin), client.Options{})
	if err != nil {
		b.Fatal(err)
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := client.IgnoreAlreadyExists(c.Create(b.Context(), namespace)); err != nil {
		b.Fatal(err)
	}
	err = control.Await("the default service account of "+name, func(ctx context.Context) error {
		return c.Get(ctx, client.ObjectKey{Namespace: name, Name: "default"}, &corev1.ServiceAccount{})
	})
	if err != nil {
		b.Fatal(err)
	}
}

// ourPatch is what polymoat answers for the pod, as it comes to webhooks.
func ourPatch(b *testing.B, bare *contender, raw []byte) []byte {
	b.Helper()
	pod, err := bare.admitted(b.Context(), raw)
	if err != nil {
		b.Fatal(err)
	}
	decide, err := policy.New(v1alpha1.Default())
	if err != nil {
		b.Fatal(err)
	}
	operations, err := patch.Operations(pod, decide.Mutate(policy.Request{Namespace: cluster.Namespace, Pod: pod}).Pod)
	if err != nil {
		b.Fatal(err)
	}
	text, err := patch.Text(operations)
	if err != nil {
		b.Fatal(err)
	}
	return text
}

// holdSame waits until both are in force, and holds that they place the pod alike.
func holdSame(b *testing.B, ours, c *contender, pod []byte) {
	b.Helper()
	err := control.Await(c.name, func(ctx context.Context) error {
		want, err := ours.admitted(ctx, pod)
		if err != nil {
			return err
		}
		got, err := c.admitted(ctx, pod)
		if err != nil {
			return err
		}
		if diff := cmp.Diff(want.Spec, got.Spec); diff != "" || want.Spec.NodeSelector["polyaxon"] != "experiments" {
			return fmt.Errorf("placed otherwise (-polymoat +%s):\n%s", c.name, diff)
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// holdRefused holds that the contenders also judge: one that asks for core is refused.
func holdRefused(b *testing.B, pod []byte, contenders ...*contender) {
	b.Helper()
	core := bytes.Replace(pod, []byte(`"spec":{`), []byte(`"spec":{"nodeSelector":{"polyaxon":"core"},`), 1)
	for _, c := range contenders {
		err := control.Await(c.name, func(ctx context.Context) error {
			if _, err := c.create(ctx, core); err == nil {
				return fmt.Errorf("%s admits a pod that asks for core", c.name)
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
