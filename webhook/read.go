package webhook

import (
	"bytes"

	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/skim"
)

// Most of a pod decides nothing: its environment, its resources, its status. Reviews of pods that are created are read
// without that, those of namespaces that are not governed without the pod, and all others whole. What is left out is
// checked all the same, so that a review which does not decode is answered as ever.
var (
	whole   = skim.Of[review]()
	created = skim.Of[review](undecisive...)
	outside = skim.Of[review](skim.Fields{Of: corev1.Pod{}, Names: []string{"metadata", "spec", "status"}})
)

// undecisive are the fields of which no decision on the creation of a pod depends. Of most volumes it counts which kind
// they are, and no more. TestUndecisive holds that it is so.
var undecisive = []skim.Fields{
	{Of: metav1.ObjectMeta{}, Names: []string{"managedFields", "finalizers"}},
	{Of: corev1.Pod{}, Names: []string{"status"}},
	{Of: corev1.PodSpec{}, Names: []string{
		"activeDeadlineSeconds", "dnsConfig", "dnsPolicy", "enableServiceLinks", "hostAliases", "hostname", "imagePullSecrets",
		"overhead", "preemptionPolicy", "priority", "readinessGates", "resourceClaims", "resources", "restartPolicy",
		"schedulingGates", "subdomain", "terminationGracePeriodSeconds", "topologySpreadConstraints",
	}},
	{Of: corev1.Container{}, Names: undecisiveOfContainers},
	{Of: corev1.EphemeralContainerCommon{}, Names: undecisiveOfContainers},
	{Of: corev1.ConfigMapVolumeSource{}},
	{Of: corev1.DownwardAPIVolumeSource{}},
	{Of: corev1.EmptyDirVolumeSource{}},
	{Of: corev1.PersistentVolumeClaimVolumeSource{}},
	{Of: corev1.ProjectedVolumeSource{}},
	{Of: corev1.SecretVolumeSource{}},
}

var undecisiveOfContainers = []string{
	"env", "envFrom", "imagePullPolicy", "resizePolicy", "resources", "stdin", "stdinOnce", "terminationMessagePath",
	"terminationMessagePolicy", "tty", "volumeDevices", "volumeMounts", "workingDir",
}

// decode reads the request of a review as the function decode does, which is asked where the quick way is not sure. The
// API server writes who and where before what, so that a look at the beginning tells how much of it will count; it is
// only taken on trust until the review is read.
func (d *decider) decode(body []byte) (*request, *fault) {
	shape := created
	namespace, rest := cutValue(body[:min(len(body), beginning)], `namespace":"`)
	operation, _ := cutValue(rest, `operation":"`)
	switch {
	case !d.policy.Governs(string(namespace)):
		shape = outside
	case string(operation) != string(admissionv1.Create):
		shape = whole
	}
	if r := d.borrow(shape, body); r != nil {
		return r, nil
	}
	if shape != whole {
		if r := d.borrow(whole, body); r != nil {
			return r, nil
		}
	}
	return decode(body)
}

// borrow reads a review the quick way, into memory that its request gives back; nil where that is not sure, or not enough.
func (d *decider) borrow(shape *skim.Shape[review], body []byte) *request {
	var r review
	memory, ok := shape.Borrow(body, &r)
	if !ok || !d.suffices(shape, &r) {
		memory.Return()
		return nil
	}
	r.Request.memory = memory
	return r.Request
}

// beginning is how much of a review is looked at: the groups of the user come later.
const beginning = 1024

// cutValue is what stands between a mark and the next quote, and what follows.
func cutValue(text []byte, mark string) (value, rest []byte) {
	_, rest, _ = bytes.Cut(text, []byte(mark))
	value, rest, _ = bytes.Cut(rest, []byte{'"'})
	return value, rest
}

// suffices says whether the review is one, and was read with all that its decision depends on.
func (d *decider) suffices(shape *skim.Shape[review], r *review) bool {
	if r.TypeMeta != reviewKind || r.Request == nil || r.Request.UID == "" {
		return false
	}
	switch shape {
	case whole:
		return true
	case outside:
		return !d.policy.Governs(r.Request.Namespace)
	}
	return r.Request.Operation == admissionv1.Create && r.Request.OldObject == nil
}
