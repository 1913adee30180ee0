// Package patch says, in JSON Patch (RFC 6902), what was changed in a pod.
//
// A diff of the raw object against a marshalled one would delete every field that our version of k8s.io/api does not
// know. So both sides are typed, and only the fields that polymoat may touch are compared: spec.nodeSelector,
// spec.tolerations, spec.affinity and the security contexts of the pod and its containers.
package patch

import (
	"errors"
	"reflect"
	"strconv"
	"strings"

	"gomodules.xyz/jsonpatch/v2"
	corev1 "k8s.io/api/core/v1"
)

// Operations turn the JSON that before was decoded from into after. They are in the order of the pod's fields, map
// keys sorted: the same change gives the same operations. A field that is missing, null or empty in the JSON is the
// same to them. Neither pod is modified; the operations share memory with after.
func Operations(before, after *corev1.Pod) ([]jsonpatch.Operation, error) {
	var ops operations
	b, a := &before.Spec, &after.Spec
	ops.diff("/spec/nodeSelector", b.NodeSelector, a.NodeSelector)
	ops.diff("/spec/tolerations", b.Tolerations, a.Tolerations)
	ops.diff("/spec/affinity", b.Affinity, a.Affinity)
	ops.diff("/spec/securityContext", b.SecurityContext, a.SecurityContext)
	if len(b.InitContainers) != len(a.InitContainers) || len(b.Containers) != len(a.Containers) ||
		len(b.EphemeralContainers) != len(a.EphemeralContainers) {
		return nil, errors.New("patch: containers were added or removed")
	}
	ops.containers("/spec/initContainers/", b.InitContainers, a.InitContainers)
	ops.containers("/spec/containers/", b.Containers, a.Containers)
	ops.containers("/spec/ephemeralContainers/", commons(b.EphemeralContainers), commons(a.EphemeralContainers))
	return ops, nil
}

type operations []jsonpatch.Operation

// commons are ephemeral containers as the containers that they are but for their target. They share memory.
func commons(list []corev1.EphemeralContainer) []corev1.Container {
	var containers []corev1.Container
	for i := range list {
		containers = append(containers, corev1.Container(list[i].EphemeralContainerCommon))
	}
	return containers
}

func (ops *operations) containers(path string, before, after []corev1.Container) {
	for i := range before {
		b, a := before[i].SecurityContext, after[i].SecurityContext
		if b != a { // a pointer that was not copied cannot have changed
			ops.diff(path+strconv.Itoa(i)+"/securityContext", b, a)
		}
	}
}

func (ops *operations) diff(path string, before, after any) {
	ops.values("add", path, reflect.ValueOf(before), reflect.ValueOf(after))
}

// values compares two values of one type. set is the operation that gives the place at path a new value: "add" for a
// member of an object, which may not be there yet; "replace" for an element of a list, where "add" would insert.
func (ops *operations) values(set, path string, before, after reflect.Value) {
	switch {
	case isAbsent(before) && isAbsent(after):
	case isAbsent(after):
		ops.add("remove", path, nil)
	case isAbsent(before):
		ops.add(set, path, after.Interface())
	case before.Kind() == reflect.Pointer:
		ops.values(set, path, before.Elem(), after.Elem())
	case before.Kind() == reflect.Struct:
		ops.structs(path, before, after)
	case before.Kind() == reflect.Map:
		ops.maps(path, before.Interface().(map[string]string), after.Interface().(map[string]string))
	case before.Kind() == reflect.Slice:
		ops.lists(path, before, after)
	case !before.Equal(after):
		ops.add(set, path, after.Interface())
	}
}

// isAbsent says whether the API server may have left the field out, or written null or an empty list. An empty struct
// behind a pointer is not absent: it may hold fields that we do not know.
func isAbsent(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return v.IsNil()
	case reflect.Map, reflect.Slice:
		return v.Len() == 0
	default:
		return false
	}
}

func (ops *operations) structs(path string, before, after reflect.Value) {
	for i := range before.NumField() {
		name, options, _ := strings.Cut(before.Type().Field(i).Tag.Get("json"), ",")
		member, b, a := path+"/"+name, before.Field(i), after.Field(i)
		if a.IsZero() && !b.IsZero() && !isAbsent(b) && strings.Contains(options, "omitempty") {
			ops.add("remove", member, nil)
			continue
		}
		ops.values("add", member, b, a)
	}
}

func (ops *operations) add(op, path string, value any) {
	*ops = append(*ops, jsonpatch.NewOperation(op, path, value))
}
