package cli

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/drill"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/preview"
	"github.com/polymoat/polymoat/internal/template"
)

// reading is what a drill reads of a cluster.
type reading struct {
	*input.Connection
	drill.Facts
	console *console
	by      preview.Policies
	places  bool // polymoat places the pods that come

	classes     []*schedulingv1.PriorityClass
	core        map[string][]policy.CoreWorkload // by namespace
	lives       []*corev1.Pod                    // pods of core, in full
	controllers map[types.UID]runtime.Object     // nil for what is not there
	today       v1alpha1.Day
}

func newReading(n *input.Connection, c *console, by preview.Policies, places bool) *reading {
	return &reading{
		Connection: n, console: c, by: by, places: places, Facts: drill.Facts{Namespaces: map[string]labels.Set{}},
		core: map[string][]policy.CoreWorkload{}, controllers: map[types.UID]runtime.Object{}, today: v1alpha1.DayOf(time.Now()),
	}
}

// read reads the cluster, then what controllers make in the place of core's pods.
func (r *reading) read(ctx context.Context) error {
	for _, namespace := range r.by.Namespaces() {
		core, err := r.CoreWorkloads(ctx, r.by.Policy, namespace)
		if err := r.console.UnlessForbidden(err, "which workloads are core is not known"); err != nil {
			return err
		}
		r.core[namespace] = core
	}
	for _, of := range r.sources() {
		err := r.Each(ctx, of.gv, of.resource, "", of.options, of.use)
		if of.without != "" {
			err = r.console.UnlessForbidden(err, of.without)
		}
		if err != nil {
			return err
		}
	}
	for _, live := range r.lives {
		p, err := r.successor(ctx, live)
		if err != nil {
			return err
		}
		r.Pods = append(r.Pods, p)
	}
	return nil
}

// source is one kind of object that is read.
type source struct {
	gv       schema.GroupVersion
	resource string
	options  metav1.ListOptions
	use      func(runtime.Object)
	without  string // what is not known without it; empty where nothing is
}

func (r *reading) sources() []source {
	core, storage := corev1.SchemeGroupVersion, storagev1.SchemeGroupVersion
	return []source{
		{gv: core, resource: "nodes", use: func(o runtime.Object) { r.Nodes = append(r.Nodes, slimNode(o.(*corev1.Node))) }},
		{gv: core, resource: "pods", options: input.Alive, use: func(o runtime.Object) { r.add(o.(*corev1.Pod)) }},
		{gv: core, resource: "persistentvolumeclaims", without: "pods that mount claims count as pending", use: func(o runtime.Object) {
			r.Claims = append(r.Claims, o.(*corev1.PersistentVolumeClaim))
		}},
		{gv: core, resource: "persistentvolumes", without: "pods that mount claims count as pending", use: func(o runtime.Object) {
			r.Volumes = append(r.Volumes, o.(*corev1.PersistentVolume))
		}},
		{gv: storage, resource: "storageclasses", without: "pods whose claims are not bound yet count as pending", use: func(o runtime.Object) {
			r.Classes = append(r.Classes, o.(*storagev1.StorageClass))
		}},
		{gv: policyv1.SchemeGroupVersion, resource: "poddisruptionbudgets", without: "PodDisruptionBudgets are not known", use: func(o runtime.Object) {
			r.Budgets = append(r.Budgets, o.(*policyv1.PodDisruptionBudget))
		}},
		{gv: schedulingv1.SchemeGroupVersion, resource: "priorityclasses", without: "a new pod counts with the priority of the old one", use: func(o runtime.Object) {
			r.classes = append(r.classes, o.(*schedulingv1.PriorityClass))
		}},
		{gv: core, resource: "namespaces", without: "namespaceSelectors of affinity select nothing", use: func(o runtime.Object) {
			r.Namespaces[o.(*corev1.Namespace).Name] = o.(*corev1.Namespace).Labels
		}},
	}
}

// slimNode is a node without its images and conditions.
func slimNode(n *corev1.Node) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: n.Name, Labels: n.Labels}, Spec: n.Spec, Status: corev1.NodeStatus{Allocatable: n.Status.Allocatable},
	}
}

// add keeps of a pod what scheduling looks at, and pods of core in full.
func (r *reading) add(pod *corev1.Pod) {
	if r.by.Governs(pod.Namespace) && r.by.Mutate(r.request(pod, pod)).Role == v1alpha1.RoleCore {
		r.lives = append(r.lives, pod)
		return
	}
	r.Pods = append(r.Pods, drill.NewPod(pod))
}

// request asks for a pod in the place of a live one.
func (r *reading) request(pod, live *corev1.Pod) policy.Request {
	user := policy.UserNamed(template.CreatorOf(live.OwnerReferences))
	q := policy.Request{Namespace: live.Namespace, User: user, Pod: pod, Core: r.core[live.Namespace], Today: r.today, Brief: true}
	if user.Name == "" {
		q.Trust = policy.TrustUnknown
	}
	return q
}

// successor is a pod of core, with the one that comes in its place.
func (r *reading) successor(ctx context.Context, live *corev1.Pod) (*drill.Pod, error) {
	p := drill.NewPod(live)
	p.Core, p.Comes = true, nil
	controller, err := r.controller(ctx, live)
	if err != nil {
		return nil, err
	}
	var next *corev1.Pod
	if next, p.Why = drill.Successor(live, controller); next == nil {
		return p, nil
	}
	if r.places {
		q := r.request(next, live)
		if controller == nil { // what polymoat gave the live pod is not its own wish
			q.Pod = preview.Undo(r.by.Policy, q)
		}
		d := r.by.Review(q)
		if d.Verdict == policy.Denied {
			p.Why = "polymoat refuses the new pod: " + d.Sentence(live.Name)
			return p, nil
		}
		if next = q.Pod; d.Pod != nil && !d.Shadow {
			next = d.Pod
		}
	}
	next = next.DeepCopy()
	drill.Admit(next, live, r.classes)
	p.Comes = drill.NewPod(next)
	p.Comes.Together = drill.Together(controller)
	return p, nil
}

// controller reads the pod's controller, which many pods may share; nil where it is of a kind without a template that is
// known, or may not be read.
func (r *reading) controller(ctx context.Context, live *corev1.Pod) (runtime.Object, error) {
	reference := metav1.GetControllerOfNoCopy(live)
	if reference == nil {
		return nil, nil
	}
	if known, ok := r.controllers[reference.UID]; ok {
		return known, nil
	}
	r.controllers[reference.UID] = nil
	for _, of := range input.Controllers {
		if of.Kind != reference.Kind || of.GV.String() != reference.APIVersion {
			continue
		}
		into, err := scheme.Scheme.New(of.GV.WithKind(of.Kind))
		if err == nil {
			err = r.Get(ctx, of.GV, of.Resource, live.Namespace, reference.Name, into)
		}
		if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) {
			r.console.Tell("note: pod %q is judged by itself, not by the template of its %s: %v\n", live.Name, of.Kind, err)
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		r.controllers[reference.UID] = into
	}
	return r.controllers[reference.UID], nil
}
