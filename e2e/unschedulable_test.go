package e2e_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// listener hears the warnings of one request.
type listener struct{ heard []string }

func (l *listener) HandleWarningHeader(_ int, _, text string) { l.heard = append(l.heard, text) }

// tell creates a pod as the administrator, removes it after the test, and returns the warnings that its creator hears.
func tell(t *testing.T, pod *corev1.Pod, options ...client.CreateOption) ([]string, error) {
	t.Helper()
	config, l := control.As(cluster.Admin), &listener{}
	config.WarningHandler = l
	c, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err = c.Create(t.Context(), pod, options...); err == nil {
		removeAfter(t, pod)
	}
	return l.heard, err
}

// spotNode is a node of pool experiments with a taint that its pods do not tolerate.
func spotNode() *corev1.Node {
	node := &corev1.Node{ObjectMeta: metaNamed("spot-1")}
	node.Labels = map[string]string{"polyaxon": "experiments", "disk": "ssd", corev1.LabelHostname: "spot-1"}
	node.Spec.Taints = []corev1.Taint{
		{Key: "polyaxon", Value: "experiments", Effect: corev1.TaintEffectNoSchedule},
		{Key: "spot", Value: "true", Effect: corev1.TaintEffectNoSchedule},
	}
	return node
}

// testNowhere: whoever creates a pod that no live node takes reads why, as things stand at that moment.
func testNowhere(t *testing.T) {
	admin := as(t, cluster.Admin)
	create(t, admin, spotNode())
	builds := &corev1.Node{ObjectMeta: metaNamed("builds-1")}
	cordon(t, builds, true)
	t.Cleanup(func() { cordon(t, builds, false) })
	const pending = "no node takes it, and it stays Pending until one does: "
	for name, tc := range map[string]struct {
		pool     string
		selector map[string]string
		want     []string
	}{
		"a node takes it":     {},
		"a node of that name": {selector: map[string]string{corev1.LabelHostname: "experiments-2"}},
		"a pool without nodes": {
			pool: "gpu", want: []string{pending + `node pool "gpu" has 0 of 7 nodes`},
		},
		"a pool that is cordoned": {
			pool: "builds", want: []string{pending + `node pool "builds" has 1 of 7 nodes, and that one is cordoned`},
		},
		"a label that no node has": {
			selector: map[string]string{"disk": "tape"},
			want:     []string{pending + `node pool "experiments" has 3 of 7 nodes, and none of them has label disk=tape, which it selects`},
		},
		"a name that no node has": {
			selector: map[string]string{corev1.LabelHostname: "core-1"},
			want: []string{pending +
				`node pool "experiments" has 3 of 7 nodes, and none of them has label kubernetes.io/hostname=core-1, which it selects`},
		},
		"a taint": {
			selector: map[string]string{"disk": "ssd"},
			want: []string{pending + `node pool "experiments" has 3 of 7 nodes, of which it selects 1, ` +
				`and that one has taint "spot=true:NoSchedule", which it does not tolerate`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			pod := runOf("d1", "polyaxon-jobs")
			pod.Spec.NodeSelector = tc.selector
			if tc.pool != "" {
				pod.Annotations = map[string]string{"polymoat.io/node-pool": tc.pool}
				placed := fmt.Sprintf(`polymoat.io/node-pool=%s: placed on node pool %[1]q instead of "experiments"`, tc.pool)
				tc.want = append([]string{placed}, tc.want...)
			}
			if err := control.Await("polymoat's news of the nodes", func(context.Context) error {
				heard, err := tell(t, pod.DeepCopy(), client.DryRunAll)
				if diff := cmp.Diff(tc.want, heard); err == nil && diff != "" {
					err = fmt.Errorf("warnings (-want +got):\n%s", diff)
				}
				return err
			}); err != nil {
				t.Error(err)
			}
		})
	}
}

// cordon says whether a node takes pods that do not tolerate its being cordoned.
func cordon(t *testing.T, node *corev1.Node, unschedulable bool) {
	t.Helper()
	patch := client.RawPatch("application/merge-patch+json", fmt.Appendf(nil, `{"spec":{"unschedulable":%v}}`, unschedulable))
	if err := as(t, cluster.Admin).Patch(context.WithoutCancel(t.Context()), node, patch); err != nil {
		t.Error(err)
	}
}

func metaNamed(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name} }
