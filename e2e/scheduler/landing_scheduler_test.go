package scheduler

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/feature"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodeaffinity"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodename"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodeunschedulable"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/tainttoleration"

	"github.com/polymoat/polymoat/internal/landing"
)

// plugin is what each of the four is: all of them narrow the nodes first, then judge each.
type plugin interface {
	fwk.PreFilterPlugin
	fwk.FilterPlugin
}

// scheduler runs the real plugins as kube-scheduler's framework does: PreFilter once for a pod, then Filter for each
// node that PreFilter left. It is safe for concurrent use.
type scheduler struct {
	ctx     context.Context // carries a logger that discards: ToleratesTaint logs every value that is no number
	plugins []plugin
}

func newScheduler(t *testing.T) *scheduler {
	t.Helper()
	s := &scheduler{ctx: klog.NewContext(t.Context(), klog.Logger{})}
	// The gate is off by default in 1.37; landing takes Lt and Gt as tolerating, so that they are compared switched on.
	features := feature.Features{EnableTaintTolerationComparisonOperators: true}
	for _, build := range []func(context.Context, k8sruntime.Object, fwk.Handle, feature.Features) (fwk.Plugin, error){
		nodeunschedulable.New, nodename.New, tainttoleration.New, nodeaffinity.New,
	} {
		built, err := build(s.ctx, &config.NodeAffinityArgs{}, nil, features)
		if err != nil {
			t.Fatal(err)
		}
		s.plugins = append(s.plugins, built.(plugin))
	}
	return s
}

// cycle is the scheduling of one pod after PreFilter.
type cycle struct {
	ctx     context.Context
	pod     *corev1.Pod
	state   fwk.CycleState
	filters []plugin
	names   sets.Set[string] // nil: all nodes
	refused string           // why PreFilter refused every node
}

func (s *scheduler) schedule(pod *corev1.Pod) *cycle {
	c := &cycle{ctx: s.ctx, pod: pod, state: framework.NewCycleState()}
	var result *fwk.PreFilterResult
	for _, p := range s.plugins {
		r, status := p.PreFilter(c.ctx, c.state, pod, nil)
		if status.IsSkip() {
			continue
		}
		if !status.IsSuccess() {
			c.refused = status.Message()
			return c
		}
		c.filters = append(c.filters, p)
		result = result.Merge(r)
	}
	if !result.AllNodes() {
		c.names = result.NodeNames
	}
	return c
}

// oneNode is all that these plugins see of a node: one that looked at more would panic, and should not go unnoticed.
type oneNode struct {
	fwk.NodeInfo
	node *corev1.Node
}

func (n oneNode) Node() *corev1.Node { return n.node }

// refuses says why the scheduler would not bind the pod to the node, "" when it would.
func (c *cycle) refuses(n landing.Node) string {
	if c.refused != "" {
		return c.refused
	}
	if c.names != nil && !c.names.Has(n.Name) {
		return "PreFilter keeps the pod to other nodes"
	}
	node := oneNode{node: &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: n.Name, Labels: n.Labels},
		Spec:       corev1.NodeSpec{Taints: n.Taints},
	}}
	for _, p := range c.filters {
		if status := p.Filter(c.ctx, c.state, c.pod, node); !status.IsSuccess() {
			return p.Name() + ": " + status.Message()
		}
	}
	return ""
}
