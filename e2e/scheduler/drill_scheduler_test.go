package scheduler

import (
	"context"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/latest"
	"k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/names"
	"k8s.io/kubernetes/pkg/scheduler/framework/runtime"
	"k8s.io/kubernetes/pkg/scheduler/metrics"
)

// filters are those of the default scheduler that a drill decides as.
var filters = []string{
	names.NodeUnschedulable, names.NodeName, names.TaintToleration, names.NodeAffinity, names.NodePorts, names.NodeResourcesFit,
	names.VolumeRestrictions, names.VolumeBinding, names.VolumeZone, names.PodTopologySpread, names.InterPodAffinity,
}

// world is a cluster that the real filters look at.
type world struct {
	t       *testing.T
	nodes   []*corev1.Node
	pods    []*corev1.Pod // with a node
	claims  []*corev1.PersistentVolumeClaim
	volumes []*corev1.PersistentVolume
	others  []k8sruntime.Object // namespaces, storage classes

	cancel context.CancelFunc
	real   framework.Framework
	fwk.SharedLister
}

// refresh makes the filters know the claims and volumes of the world as they are now.
func (w *world) refresh() {
	w.t.Helper()
	w.close()
	metrics.Register()
	ctx, cancel := context.WithCancel(klog.NewContext(w.t.Context(), klog.Logger{}))
	w.cancel = cancel
	objects := slices.Clone(w.others)
	for _, c := range w.claims {
		objects = append(objects, c.DeepCopy())
	}
	for _, v := range w.volumes {
		objects = append(objects, v.DeepCopy())
	}
	client := fake.NewClientset(objects...)
	factory := informers.NewSharedInformerFactory(client, 0)
	var err error
	w.real, err = runtime.NewFramework(ctx, plugins.NewInTreeRegistry(), profile(w.t), runtime.WithClientSet(client),
		runtime.WithInformerFactory(factory), runtime.WithSnapshotSharedLister(w), runtime.WithParallelism(1))
	if err != nil {
		w.t.Fatal(err)
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
}

func (w *world) close() {
	if w.cancel != nil {
		w.cancel()
	}
}

// profile is the default scheduler's with the filters alone.
func profile(t *testing.T) *config.KubeSchedulerProfile {
	t.Helper()
	defaults, err := latest.Default()
	if err != nil {
		t.Fatal(err)
	}
	p := defaults.Profiles[0].DeepCopy()
	p.Plugins = &config.Plugins{
		QueueSort: config.PluginSet{Enabled: []config.Plugin{{Name: names.PrioritySort}}},
		Bind:      config.PluginSet{Enabled: []config.Plugin{{Name: names.DefaultBinder}}},
	}
	used := slices.Concat(filters, []string{names.PrioritySort, names.DefaultBinder})
	p.PluginConfig = slices.DeleteFunc(p.PluginConfig, func(c config.PluginConfig) bool { return !slices.Contains(used, c.Name) })
	for _, name := range filters {
		p.Plugins.Filter.Enabled = append(p.Plugins.Filter.Enabled, config.Plugin{Name: name})
		if !slices.Contains([]string{names.NodeUnschedulable, names.NodeName, names.TaintToleration}, name) {
			p.Plugins.PreFilter.Enabled = append(p.Plugins.PreFilter.Enabled, config.Plugin{Name: name})
		}
	}
	return p
}

// takes are the nodes on which the real filters let the pod be.
func (w *world) takes(pod *corev1.Pod) []*corev1.Node {
	w.t.Helper()
	w.SharedLister = cache.NewSnapshot(w.pods, w.nodes)
	ctx, state := klog.NewContext(w.t.Context(), klog.Logger{}), framework.NewCycleState()
	result, status, _ := w.real.RunPreFilterPlugins(ctx, state, pod)
	if !status.IsSuccess() {
		return nil
	}
	var nodes []*corev1.Node
	for _, n := range w.nodes {
		if !result.AllNodes() && !result.NodeNames.Has(n.Name) {
			continue
		}
		info, err := w.NodeInfos().Get(n.Name)
		if err != nil {
			w.t.Fatal(err)
		}
		if w.real.RunFilterPlugins(ctx, state, pod, info).IsSuccess() {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// bind gives the pod its node, and its claims volumes that are there.
func (w *world) bind(pod *corev1.Pod, n *corev1.Node) {
	pod = pod.DeepCopy()
	pod.Spec.NodeName = n.Name
	w.pods = append(w.pods, pod)
	bound := false
	for _, v := range pod.Spec.Volumes {
		for i, c := range w.claims {
			if v.PersistentVolumeClaim != nil && c.Name == v.PersistentVolumeClaim.ClaimName && c.Spec.VolumeName == "" {
				w.claims[i], bound = w.bindClaim(c.DeepCopy(), n), true
			}
		}
	}
	if bound {
		w.refresh()
	}
}

// bindClaim gives a claim the smallest volume that the node reaches.
func (w *world) bindClaim(c *corev1.PersistentVolumeClaim, n *corev1.Node) *corev1.PersistentVolumeClaim {
	best := -1
	for i, v := range w.volumes {
		if v.Spec.ClaimRef == nil && v.Spec.Capacity.Storage().Cmp(*c.Spec.Resources.Requests.Storage()) >= 0 && reaches(v, n) &&
			(best < 0 || v.Spec.Capacity.Storage().Cmp(*w.volumes[best].Spec.Capacity.Storage()) < 0) {
			best = i
		}
	}
	if best < 0 {
		w.t.Fatalf("the real filters let a pod with claim %s be on node %s, which reaches no volume", c.Name, n.Name)
	}
	v := w.volumes[best].DeepCopy()
	v.Spec.ClaimRef = &corev1.ObjectReference{Namespace: c.Namespace, Name: c.Name}
	v.Status.Phase = corev1.VolumeBound
	w.volumes[best] = v
	c.Spec.VolumeName, c.Status.Phase = v.Name, corev1.ClaimBound
	metav1.SetMetaDataAnnotation(&c.ObjectMeta, "pv.kubernetes.io/bind-completed", "yes")
	return c
}

// reaches says whether the node has the labels that the volume's one term asks for.
func reaches(v *corev1.PersistentVolume, n *corev1.Node) bool {
	return !slices.ContainsFunc(v.Spec.NodeAffinity.Required.NodeSelectorTerms[0].MatchExpressions, func(r corev1.NodeSelectorRequirement) bool {
		return n.Labels[r.Key] != r.Values[0]
	})
}
