package input

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
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/preview"
)

// survey reads of a cluster what a preview has to know.
type survey struct {
	*Connection
	reader Reader
	preview.Cluster
}

// Controllers are those whose pods are made of their template as it stands. A DaemonSet's are not: each gets the
// affinity to a node of its own, and polymoat places none of them.
var Controllers = []struct {
	GV             schema.GroupVersion
	Kind, Resource string
}{
	{appsv1.SchemeGroupVersion, "ReplicaSet", "replicasets"},
	{appsv1.SchemeGroupVersion, "StatefulSet", "statefulsets"},
	{batchv1.SchemeGroupVersion, "Job", "jobs"},
	{corev1.SchemeGroupVersion, "ReplicationController", "replicationcontrollers"},
}

// Alive are the pods that have not ended.
var Alive = metav1.ListOptions{FieldSelector: "status.phase!=Succeeded,status.phase!=Failed"}

// AliveOn selects those on a node.
func AliveOn(node string) metav1.ListOptions {
	return metav1.ListOptions{FieldSelector: Alive.FieldSelector + ",spec.nodeName=" + node}
}

// Survey lists the pods of the namespaces, their controllers, and the nodes.
func (n *Connection) Survey(ctx context.Context, r Reader, namespaces []string) (preview.Cluster, error) {
	s := survey{n, r, preview.Cluster{Owners: map[types.UID]preview.Owner{}}}
	for _, namespace := range namespaces {
		first := len(s.Pods)
		if err := n.EachPod(ctx, []string{namespace}, func(pod *corev1.Pod) { s.Pods = append(s.Pods, pod) }); err != nil {
			return s.Cluster, err
		}
		if err := s.readOwners(ctx, namespace, s.Pods[first:]); err != nil {
			return s.Cluster, err
		}
	}
	err := n.EachNode(ctx, func(node *corev1.Node) { s.Nodes = append(s.Nodes, *LandingNode(node)) })
	return s.Cluster, r.UnlessForbidden(err, "whether a live node would take a pod is not known")
}

// EachPod hands every pod of the namespaces that has not ended to use; the namespace "" stands for all.
func (n *Connection) EachPod(ctx context.Context, namespaces []string, use func(*corev1.Pod)) error {
	for _, namespace := range namespaces {
		err := n.Each(ctx, corev1.SchemeGroupVersion, "pods", namespace, Alive, func(o runtime.Object) { use(o.(*corev1.Pod)) })
		if err != nil {
			return err
		}
	}
	return nil
}

// EachNode hands every node to use.
func (n *Connection) EachNode(ctx context.Context, use func(*corev1.Node)) error {
	return n.Each(ctx, corev1.SchemeGroupVersion, "nodes", "", metav1.ListOptions{}, func(o runtime.Object) { use(o.(*corev1.Node)) })
}

// readOwners lists the controllers of pods, of those kinds that any of the pods names.
func (s survey) readOwners(ctx context.Context, namespace string, pods []*corev1.Pod) error {
	for _, of := range Controllers {
		named := slices.ContainsFunc(pods, func(pod *corev1.Pod) bool {
			o := metav1.GetControllerOfNoCopy(pod)
			return o != nil && o.Kind == of.Kind && o.APIVersion == of.GV.String()
		})
		if !named {
			continue
		}
		err := s.Each(ctx, of.GV, of.Resource, namespace, metav1.ListOptions{}, func(o runtime.Object) { s.addOwner(of.GV.Group, of.Kind, o) })
		if err := s.reader.UnlessForbidden(err, "pods are judged by themselves, not by the template of their "+of.Kind); err != nil {
			return err
		}
	}
	return nil
}

// UnlessForbidden notes what is missing where somebody may not see it, and returns any other error.
func (r Reader) UnlessForbidden(err error, missing string) error {
	if apierrors.IsForbidden(err) {
		r.Tell("note: %s: %v\n", missing, err)
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
	if c, ok := o.(*corev1.ReplicationController); ok {
		return c.Spec.Template
	}
	live, _ := policy.Live(o)
	return live.Template
}
