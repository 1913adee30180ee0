package scheduler

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	schedulingv1alpha3 "k8s.io/api/scheduling/v1alpha3"
	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/defaultpreemption"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/feature"
	"k8s.io/kubernetes/pkg/scheduler/framework/preemption"
	"k8s.io/kubernetes/pkg/scheduler/framework/runtime"
	"k8s.io/kubernetes/pkg/scheduler/metrics"
)

// stage is a cluster in which the real scheduler makes room: its filters and its preemption, with the gates of groups
// of pods open. The cluster changes from case to case, and the claims are always the same.
type stage struct {
	*cache.Snapshot
	ctx      context.Context
	real     framework.Framework
	evicting []*defaultpreemption.DefaultPreemption // by whether a group's own preemptionPolicy counts
	evicted  []*corev1.Pod
}

// groupGates are those that let a group of pods evict in the whole cluster.
const groupGates = "GenericWorkload=true,TopologyAwareWorkloadScheduling=true,CompositePodGroup=true"

// newStage is a stage where these claims and volumes are.
func newStage(t *testing.T, objects ...k8sruntime.Object) *stage {
	t.Helper()
	metrics.Register()
	if err := utilfeature.DefaultMutableFeatureGate.Set(groupGates); err != nil {
		t.Fatal(err)
	}
	s := &stage{Snapshot: cache.NewEmptySnapshot(), ctx: klog.NewContext(t.Context(), klog.Logger{})}
	client := fake.NewClientset(objects...)
	factory := informers.NewSharedInformerFactory(client, 0)
	var err error
	s.real, err = runtime.NewFramework(s.ctx, plugins.NewInTreeRegistry(), profile(t), runtime.WithClientSet(client),
		runtime.WithInformerFactory(factory), runtime.WithSnapshotSharedLister(s), runtime.WithMutableSnapshotLister(s),
		runtime.WithPodNominator(nominator{}), runtime.WithPodGroupManager(groups{}), runtime.WithParallelism(1))
	if err != nil {
		t.Fatal(err)
	}
	for _, own := range []bool{false, true} {
		features := feature.NewSchedulerFeaturesFromGates(utilfeature.DefaultFeatureGate)
		features.EnableAsyncPreemption, features.EnablePodGroupPreemptionPolicy = false, own
		args := &config.DefaultPreemptionArgs{MinCandidateNodesPercentage: 10, MinCandidateNodesAbsolute: 100}
		p, err := defaultpreemption.New(s.ctx, args, s.real, features)
		if err != nil {
			t.Fatal(err)
		}
		p.Executor.PreemptPod = func(_ context.Context, _ preemption.Candidate, _ preemption.ExecutorPreemptor, victim *corev1.Pod, _ string) (bool, error) {
			s.evicted = append(s.evicted, victim)
			return false, nil
		}
		s.evicting = append(s.evicting, p)
	}
	factory.Start(s.ctx.Done())
	factory.WaitForCacheSync(s.ctx.Done())
	return s
}

// The plugins read the stage through these: each case has a snapshot of its own.
func (s *stage) PodGroups() fwk.PodGroupLister                   { return groupLister{s} }
func (s *stage) CompositePodGroups() fwk.CompositePodGroupLister { return compositeLister{s} }

type groupLister struct{ *stage }

func (l groupLister) Get(namespace, name string) (*schedulingv1beta1.PodGroup, error) {
	return l.Snapshot.PodGroups().Get(namespace, name)
}

type compositeLister struct{ *stage }

func (l compositeLister) Get(namespace, name string) (*schedulingv1alpha3.CompositePodGroup, error) {
	return l.Snapshot.CompositePodGroups().Get(namespace, name)
}

// nominator knows no pod that waits for its victims to go.
type nominator struct{ fwk.PodNominator }

func (nominator) NominatedPodsForNode(string) []fwk.PodInfo { return nil }

// groups are asked by what these tests do not run.
type groups struct{ fwk.PodGroupManager }

func (groups) PodGroups() fwk.PodGroupLister { return nil }

// assigned is a pod of a group, and the node that it could have.
type assigned struct {
	info  *framework.PodInfo
	node  string
	state fwk.CycleState
}

func (a assigned) GetPod() *corev1.Pod           { return a.info.Pod }
func (a assigned) GetPodInfo() fwk.PodInfo       { return a.info }
func (a assigned) GetNodeName() string           { return a.node }
func (a assigned) GetCycleState() fwk.CycleState { return a.state }

// evicts are the pods that the scheduler deletes to make room for the run. kube-scheduler 1.37 sends a group away whose
// pods have another priority than itself: that is left out, so that nothing rests on it.
func (s *stage) evicts(r run, random *rand.Rand) []*corev1.Pod {
	s.evicted = nil
	p := s.evicting[random.IntN(len(s.evicting))]
	if r.group == nil {
		s.makeRoom(p, r.pods[0])
		return s.evicted
	}
	if _, status := s.placeAll(r, random); status.IsSuccess() {
		return nil
	}
	p.PodGroupPostFilter(s.ctx, framework.NewCycleState(), r.info(), func(context.Context) (*fwk.PodGroupAssignments, *fwk.Status) {
		return s.placeAll(r, random)
	})
	return s.evicted
}

// makeRoom has one pod evict others, unless it has a node.
func (s *stage) makeRoom(p *defaultpreemption.DefaultPreemption, pod *corev1.Pod) {
	state, statuses := framework.NewCycleState(), framework.NewDefaultNodeToStatus()
	nodes, status := s.fitting(state, pod, statuses)
	if status.IsSuccess() && len(nodes) == 0 {
		p.PostFilter(s.ctx, state, pod, statuses)
	}
}

// fitting are the nodes whose filters let the pod in; statuses take what the others say.
func (s *stage) fitting(state fwk.CycleState, pod *corev1.Pod, statuses *framework.NodeToStatus) ([]string, *fwk.Status) {
	result, status, _ := s.real.RunPreFilterPlugins(s.ctx, state, pod)
	if !status.IsSuccess() {
		return nil, status
	}
	all, _ := s.NodeInfos().List()
	var fit []string
	for _, n := range all {
		name := n.Node().Name
		if !result.AllNodes() && !result.NodeNames.Has(name) {
			continue // statuses say that it cannot be helped
		}
		status := s.real.RunFilterPluginsWithNominatedPods(s.ctx, state, pod, n)
		statuses.Set(name, status)
		if status.IsSuccess() {
			fit = append(fit, name)
		}
	}
	return fit, nil
}

// placeAll gives the pods of a group nodes, each where the pods before it are, as the scheduler does in one cycle. It
// leaves the stage as it was.
func (s *stage) placeAll(r run, random *rand.Rand) (*fwk.PodGroupAssignments, *fwk.Status) {
	var placed []*corev1.Pod
	defer func() {
		for _, pod := range slices.Backward(placed) {
			_ = s.ForgetPod(klog.Logger{}, pod) // it is there
		}
	}()
	all := &fwk.PodGroupAssignments{}
	for _, pod := range r.pods {
		state := framework.NewCycleState()
		fit, _ := s.fitting(state, pod, framework.NewDefaultNodeToStatus())
		if len(fit) == 0 {
			continue
		}
		there := pod.DeepCopy()
		there.Spec.NodeName = fit[random.IntN(len(fit))]
		info, err := framework.NewPodInfo(there)
		if err != nil || s.AssumePod(info) != nil {
			return all, fwk.AsStatus(err)
		}
		placed = append(placed, there)
		all.ProposedAssignments = append(all.ProposedAssignments, assigned{info, there.Spec.NodeName, state})
	}
	if len(placed) == 0 || r.gang && len(placed) < len(r.pods) {
		return all, fwk.NewStatus(fwk.Unschedulable)
	}
	return all, nil
}
