package drill

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// Why no pod comes in the place of another.
const (
	bare      = "no controller creates it again"
	ofItsNode = "it belongs to its node"
	deleted   = "its %s is being deleted"
	fewer     = "its %s asks for %d pods, and has more"
	usedUp    = "its Job has used up its backoffLimit of %d"
)

// ownLabels are those that controllers put on the pods they make, beside those of the template.
var ownLabels = []string{
	appsv1.DefaultDeploymentUniqueLabelKey, appsv1.ControllerRevisionHashLabelKey, appsv1.StatefulSetPodNameLabel, appsv1.PodIndexLabel,
	batchv1.ControllerUidLabel, batchv1.JobNameLabel, batchv1.JobCompletionIndexAnnotation, "controller-uid", "job-name",
}

// Successor is the pod that the controller makes in the place of a live one, before admission; nil with the reason where
// it makes none. controller is nil where the pod has none, and anything else than a ReplicaSet, StatefulSet, Job or
// ReplicationController where its template is not known: the pod is made again as it is then.
func Successor(live *corev1.Pod, controller any) (*corev1.Pod, string) {
	reference := metav1.GetControllerOfNoCopy(live)
	switch {
	case reference == nil:
		return nil, bare
	case reference.Kind == "DaemonSet" || reference.Kind == "Node":
		return nil, ofItsNode
	}
	if meta, ok := controller.(metav1.Object); ok && meta.GetDeletionTimestamp() != nil {
		return nil, fmt.Sprintf(deleted, reference.Kind)
	}
	switch c := controller.(type) {
	case *appsv1.ReplicaSet:
		if replicas := ptr.Deref(c.Spec.Replicas, 1); c.Status.Replicas > replicas {
			return nil, fmt.Sprintf(fewer, "ReplicaSet", replicas)
		}
		return fromTemplate(live, &c.Spec.Template), ""
	case *corev1.ReplicationController:
		if c.Spec.Template != nil {
			return fromTemplate(live, c.Spec.Template), ""
		}
	case *appsv1.StatefulSet:
		if replicas, start := ptr.Deref(c.Spec.Replicas, 1), firstOf(c); ordinalOf(live) >= start+int(replicas) {
			return nil, fmt.Sprintf(fewer, "StatefulSet", replicas)
		}
		return withClaims(fromTemplate(live, &c.Spec.Template), c), ""
	case *batchv1.Job:
		if limit := ptr.Deref(c.Spec.BackoffLimit, 6); c.Status.Failed >= limit && !forgives(c) {
			return nil, fmt.Sprintf(usedUp, limit)
		}
		return fromTemplate(live, &c.Spec.Template), ""
	}
	again := fromTemplate(live, &corev1.PodTemplateSpec{ObjectMeta: live.ObjectMeta, Spec: live.Spec})
	again.Spec.NodeName = ""
	return again, ""
}

// Together says whether the controller is a StatefulSet that creates its pods all at once.
func Together(controller any) bool {
	set, ok := controller.(*appsv1.StatefulSet)
	return ok && set.Spec.PodManagementPolicy == appsv1.ParallelPodManagement
}

func fromTemplate(live *corev1.Pod, template *corev1.PodTemplateSpec) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: live.Namespace, Name: live.Name, OwnerReferences: live.OwnerReferences,
			Labels: maps.Clone(template.Labels), Annotations: maps.Clone(template.Annotations),
		},
		Spec: *template.Spec.DeepCopy(),
	}
	if pod.Labels == nil {
		pod.Labels = map[string]string{}
	}
	for _, key := range ownLabels {
		if value, ok := live.Labels[key]; ok {
			pod.Labels[key] = value
		}
	}
	return pod
}

// withClaims adds the volumes that a StatefulSet makes for its pod. They replace those of the same name.
func withClaims(pod *corev1.Pod, set *appsv1.StatefulSet) *corev1.Pod {
	for _, claim := range set.Spec.VolumeClaimTemplates {
		pod.Spec.Volumes = slices.DeleteFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == claim.Name })
		pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: claim.Name, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim.Name + "-" + pod.Name},
		}})
	}
	return pod
}

func firstOf(set *appsv1.StatefulSet) int {
	if set.Spec.Ordinals == nil {
		return 0
	}
	return int(set.Spec.Ordinals.Start)
}

// ordinalOf is the number at the end of a StatefulSet's pod; -1 where there is none.
func ordinalOf(pod *corev1.Pod) int {
	n, err := strconv.Atoi(pod.Name[strings.LastIndex(pod.Name, "-")+1:])
	if err != nil {
		return -1
	}
	return n
}

// forgives says whether the Job does not count a pod that goes with its node.
func forgives(job *batchv1.Job) bool {
	if job.Spec.PodFailurePolicy == nil {
		return false
	}
	return slices.ContainsFunc(job.Spec.PodFailurePolicy.Rules, func(r batchv1.PodFailurePolicyRule) bool {
		return r.Action == batchv1.PodFailurePolicyActionIgnore && slices.ContainsFunc(r.OnPodConditions, func(c batchv1.PodFailurePolicyOnPodConditionsPattern) bool {
			return c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue
		})
	})
}
