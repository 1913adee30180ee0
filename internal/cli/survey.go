package cli

import (
	"context"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/polymoat/polymoat/internal/landing"
)

// survey is what a preview reads of a cluster.
type survey struct {
	*connection
	console *console

	pods   []*corev1.Pod // those that have not ended, by namespace and name
	nodes  []landing.Node
	owners map[types.UID]owner // the controllers of pods, where they hold a template
}

// owner is a controller of pods.
type owner struct {
	template *corev1.PodTemplateSpec
	name     string // of what people made: the Deployment of a ReplicaSet, "deployment.apps/web"
}

// controllers are those whose pods are made of their template as it stands. A DaemonSet's are not: each gets the
// affinity to a node of its own, and polymoat places none of them.
var controllers = []struct {
	gv             schema.GroupVersion
	kind, resource string
}{
	{appsv1.SchemeGroupVersion, "ReplicaSet", "replicasets"},
	{appsv1.SchemeGroupVersion, "StatefulSet", "statefulsets"},
	{batchv1.SchemeGroupVersion, "Job", "jobs"},
	{corev1.SchemeGroupVersion, "ReplicationController", "replicationcontrollers"},
}

func newSurvey(n *connection, c *console) *survey {
	return &survey{connection: n, console: c, owners: map[types.UID]owner{}}
}

// alive are the pods that have not ended.
var alive = metav1.ListOptions{FieldSelector: "status.phase!=Succeeded,status.phase!=Failed"}

// aliveOn selects those on a node.
func aliveOn(node string) metav1.ListOptions {
	return metav1.ListOptions{FieldSelector: alive.FieldSelector + ",spec.nodeName=" + node}
}

// read lists the pods of the namespaces, their controllers, and the nodes.
func (s *survey) read(ctx context.Context, namespaces []string) (*survey, error) {
	for _, namespace := range namespaces {
		first := len(s.pods)
		err := s.eachPod(ctx, []string{namespace}, func(pod *corev1.Pod) { s.pods = append(s.pods, pod) })
		if err != nil {
			return nil, err
		}
		if err := s.readOwners(ctx, namespace, s.pods[first:]); err != nil {
			return nil, err
		}
	}
	err := s.eachNode(ctx, func(node *corev1.Node) { s.nodes = append(s.nodes, *landingNode(node)) })
	return s, s.console.unlessForbidden(err, "whether a live node would take a pod is not known")
}

// eachPod hands every pod of the namespaces that has not ended to use; the namespace "" stands for all.
func (s *survey) eachPod(ctx context.Context, namespaces []string, use func(*corev1.Pod)) error {
	alive := metav1.ListOptions{FieldSelector: "status.phase!=Succeeded,status.phase!=Failed"}
	for _, namespace := range namespaces {
		err := s.each(ctx, corev1.SchemeGroupVersion, "pods", namespace, alive, func(o runtime.Object) { use(o.(*corev1.Pod)) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *survey) eachNode(ctx context.Context, use func(*corev1.Node)) error {
	return s.each(ctx, corev1.SchemeGroupVersion, "nodes", "", metav1.ListOptions{}, func(o runtime.Object) { use(o.(*corev1.Node)) })
}

// readOwners lists the controllers of pods, of those kinds that any of the pods names.
func (s *survey) readOwners(ctx context.Context, namespace string, pods []*corev1.Pod) error {
	for _, of := range controllers {
		named := slices.ContainsFunc(pods, func(pod *corev1.Pod) bool {
			o := metav1.GetControllerOfNoCopy(pod)
			return o != nil && o.Kind == of.kind && o.APIVersion == of.gv.String()
		})
		if !named {
			continue
		}
		err := s.each(ctx, of.gv, of.resource, namespace, metav1.ListOptions{}, func(o runtime.Object) { s.addOwner(of.gv.Group, of.kind, o) })
		if err := s.console.unlessForbidden(err, "pods are judged by themselves, not by the template of their "+of.kind); err != nil {
			return err
		}
	}
	return nil
}

// unlessForbidden notes what is missing where somebody may not see it, and returns any other error.
func (c *console) unlessForbidden(err error, missing string) error {
	if apierrors.IsForbidden(err) {
		c.tell("note: %s: %v\n", missing, err)
		return nil
	}
	return err
}

func (s *survey) addOwner(group, kind string, o runtime.Object) {
	meta := o.(metav1.Object)
	found := owner{template: templateOf(o), name: objectName(group, kind, meta.GetName())}
	if above := metav1.GetControllerOfNoCopy(meta); above != nil {
		found.name = ownerName(above)
	}
	s.owners[meta.GetUID()] = found
}

// ownerName is how kubectl names an owner.
func ownerName(o *metav1.OwnerReference) string {
	of := schema.FromAPIVersionAndKind(o.APIVersion, o.Kind)
	return objectName(of.Group, of.Kind, o.Name)
}

func templateOf(o runtime.Object) *corev1.PodTemplateSpec {
	switch o := o.(type) {
	case *appsv1.ReplicaSet:
		return &o.Spec.Template
	case *appsv1.StatefulSet:
		return &o.Spec.Template
	case *batchv1.Job:
		return &o.Spec.Template
	case *corev1.ReplicationController:
		return o.Spec.Template
	}
	return nil
}
