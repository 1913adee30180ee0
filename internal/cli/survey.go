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

	"github.com/polymoat/polymoat/internal/manifest"
	"github.com/polymoat/polymoat/internal/preview"
)

// survey reads of a cluster what a preview has to know.
type survey struct {
	*connection
	console *console
	preview.Cluster
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

// alive are the pods that have not ended.
var alive = metav1.ListOptions{FieldSelector: "status.phase!=Succeeded,status.phase!=Failed"}

// aliveOn selects those on a node.
func aliveOn(node string) metav1.ListOptions {
	return metav1.ListOptions{FieldSelector: alive.FieldSelector + ",spec.nodeName=" + node}
}

// survey lists the pods of the namespaces, their controllers, and the nodes.
func (n *connection) survey(ctx context.Context, c *console, namespaces []string) (preview.Cluster, error) {
	s := survey{n, c, preview.Cluster{Owners: map[types.UID]preview.Owner{}}}
	for _, namespace := range namespaces {
		first := len(s.Pods)
		if err := n.eachPod(ctx, []string{namespace}, func(pod *corev1.Pod) { s.Pods = append(s.Pods, pod) }); err != nil {
			return s.Cluster, err
		}
		if err := s.readOwners(ctx, namespace, s.Pods[first:]); err != nil {
			return s.Cluster, err
		}
	}
	err := n.eachNode(ctx, func(node *corev1.Node) { s.Nodes = append(s.Nodes, *landingNode(node)) })
	return s.Cluster, c.unlessForbidden(err, "whether a live node would take a pod is not known")
}

// eachPod hands every pod of the namespaces that has not ended to use; the namespace "" stands for all.
func (n *connection) eachPod(ctx context.Context, namespaces []string, use func(*corev1.Pod)) error {
	for _, namespace := range namespaces {
		err := n.each(ctx, corev1.SchemeGroupVersion, "pods", namespace, alive, func(o runtime.Object) { use(o.(*corev1.Pod)) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (n *connection) eachNode(ctx context.Context, use func(*corev1.Node)) error {
	return n.each(ctx, corev1.SchemeGroupVersion, "nodes", "", metav1.ListOptions{}, func(o runtime.Object) { use(o.(*corev1.Node)) })
}

// readOwners lists the controllers of pods, of those kinds that any of the pods names.
func (s survey) readOwners(ctx context.Context, namespace string, pods []*corev1.Pod) error {
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
		c.Tell("note: %s: %v\n", missing, err)
		return nil
	}
	return err
}

func (s survey) addOwner(group, kind string, o runtime.Object) {
	meta := o.(metav1.Object)
	found := preview.Owner{Template: templateOf(o), Name: manifest.ObjectName(group, kind, meta.GetName())}
	if above := metav1.GetControllerOfNoCopy(meta); above != nil {
		found.Name = manifest.OwnerName(above)
	}
	s.Owners[meta.GetUID()] = found
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
