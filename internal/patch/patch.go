// Package patch says, in JSON Patch (RFC 6902), what was changed in a pod.
//
// A diff of the raw object against a marshalled one would delete every field that our version of k8s.io/api does not
// know. So both sides are typed, and only the fields that polymoat may touch are compared: spec.nodeSelector,
// the three fields of its priority, spec.tolerations, spec.affinity, the security contexts of the pod and its containers,
// and what is appended to their env.
package patch

import (
	"errors"
	"strconv"

	"github.com/go-json-experiment/json"
	jsonv1 "github.com/go-json-experiment/json/v1"
	"gomodules.xyz/jsonpatch/v2"
	corev1 "k8s.io/api/core/v1"
)

// Operations turn the JSON that before was decoded from into after; none where there is nothing to change. They are in the
// order of the pod's fields, map keys sorted: the same change gives the same operations. A field that is missing, null or
// empty in the JSON is the same to them. Neither pod is modified, and values are shared with after.
func Operations(before, after *corev1.Pod) ([]jsonpatch.JsonPatchOperation, error) {
	b, a := &before.Spec, &after.Spec
	if len(b.InitContainers) != len(a.InitContainers) || len(b.Containers) != len(a.Containers) ||
		len(b.EphemeralContainers) != len(a.EphemeralContainers) {
		return nil, errors.New("patch: containers were added or removed")
	}
	var d diff
	d.compare("/spec/nodeSelector", b.NodeSelector, a.NodeSelector)
	d.compare("/spec/priorityClassName", b.PriorityClassName, a.PriorityClassName)
	d.compare("/spec/priority", b.Priority, a.Priority)
	d.compare("/spec/preemptionPolicy", b.PreemptionPolicy, a.PreemptionPolicy)
	d.compare("/spec/tolerations", b.Tolerations, a.Tolerations)
	d.compare("/spec/affinity", b.Affinity, a.Affinity)
	d.compare("/spec/securityContext", b.SecurityContext, a.SecurityContext)
	d.containers("/spec/initContainers/", b.InitContainers, a.InitContainers)
	d.containers("/spec/containers/", b.Containers, a.Containers)
	for i, after := range a.EphemeralContainers {
		d.securityContext("/spec/ephemeralContainers/", i, b.EphemeralContainers[i].SecurityContext, after.SecurityContext)
	}
	return d.operations, nil
}

func (d *diff) containers(list string, before, after []corev1.Container) {
	for i := range before {
		d.securityContext(list, i, before[i].SecurityContext, after[i].SecurityContext)
		d.env(list, i, before[i].Env, after[i].Env)
	}
}

// securityContext compares those of a container. A pointer that was not copied cannot have changed.
func (d *diff) securityContext(list string, i int, before, after *corev1.SecurityContext) {
	if before != after {
		d.compare(list+strconv.Itoa(i)+"/securityContext", before, after)
	}
}

// env appends the variables that came after those that were there. Nothing else becomes of them.
func (d *diff) env(list string, i int, before, after []corev1.EnvVar) {
	if len(after) <= len(before) {
		return
	}
	at := list + strconv.Itoa(i) + "/env"
	if len(before) == 0 { // it may be missing
		d.operations = append(d.operations, jsonpatch.NewOperation("add", at, after))
		return
	}
	at += "/-"
	for _, v := range after[len(before):] {
		d.operations = append(d.operations, jsonpatch.NewOperation("add", at, v))
	}
}

// operation is one in JSON. Its value is left out only where there is none: an empty one counts.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitzero"`
}

// AsTyped are the options for Kubernetes' types: what "omitempty" meant when they were written. An empty label selector
// selects everything, and one that is left out selects nothing.
var AsTyped = json.JoinOptions(jsonv1.OmitEmptyWithLegacySemantics(true), json.Deterministic(true))

// Text is the operations in JSON, as an API server reads them; nil where there are none.
func Text(operations []jsonpatch.JsonPatchOperation) ([]byte, error) {
	if len(operations) == 0 {
		return nil, nil
	}
	list := make([]operation, len(operations))
	for i, o := range operations {
		list[i] = operation{Op: o.Operation, Path: o.Path, Value: o.Value}
	}
	return json.Marshal(list, AsTyped)
}
