package manifest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// Pod is one pod that an object is, or that a controller would make of it.
type Pod struct {
	// Object is where the pod was found.
	Object Object
	// Path is the field of the pod template: "spec.jobTemplate.spec.template". Empty for a Pod itself.
	Path string
	// Pod is the pod as it would be created, before the API server's defaults. Fields that our API version does not
	// know are missing from it.
	Pod *corev1.Pod
	// Raw is the same pod as JSON values, with every field of the file. It is read-only.
	Raw map[string]any
	// Creator is the user that creates the pod: "system:serviceaccount:kube-system:job-controller". Empty for a Pod
	// itself, and for kinds whose operator may run under any name.
	Creator string
}

// Pods returns every pod inside an object, in the order of their field paths: the object itself where it is a Pod,
// else every pod template, which is any mapping whose spec has a list of containers, whatever the kind. A pod with a
// field of the wrong type is missing; the error names it and is one line for each such pod.
func Pods(o Object) ([]Pod, []error) {
	// The OpenAPI schema of a CRD describes templates, and may hold examples of them: none becomes a pod.
	if o.Kind() == "CustomResourceDefinition" {
		return nil, nil
	}
	found := templates(o.Raw, nil)
	if o.isPod() { // one without a list of containers is a mistake to name, not an object without a pod
		found = []template{{raw: o.Raw}}
	}
	if len(found) == 0 {
		return nil, nil
	}
	// The object's own labels reach the pods of some kinds, its name those of all: they must be well-formed, too.
	own := map[string]any{"metadata": o.Raw["metadata"]}
	if err := o.check(new(metav1.PartialObjectMetadata), own, nil); err != nil {
		return nil, []error{err}
	}
	var pods []Pod
	var errs []error
	for _, t := range found {
		pod, err := o.pod(t)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		pods = append(pods, pod)
	}
	return pods, errs
}

// template is a pod template and its place in the object.
type template struct {
	at  []any
	raw map[string]any
}

// templates walks a JSON value, keys in order, and stops at each template: none contains another. The walk extends at
// in place, for values that nest deeply.
func templates(value any, at []any) []template {
	var found []template
	switch value := value.(type) {
	case map[string]any:
		if isTemplate(value) {
			return []template{{slices.Clone(at), value}}
		}
		for _, key := range slices.Sorted(maps.Keys(value)) {
			// What an object reports and who wrote its fields are about pods that exist already.
			if len(at) == 0 && (key == "status" || key == "metadata") {
				continue
			}
			found = append(found, templates(value[key], append(at, key))...)
		}
	case []any:
		for i, item := range value {
			found = append(found, templates(item, append(at, i))...)
		}
	}
	return found
}

func (o Object) isPod() bool { return o.Kind() == "Pod" }

// isTemplate is true for a mapping whose spec has a list of containers.
func isTemplate(value map[string]any) bool {
	spec, _ := value["spec"].(map[string]any)
	_, ok := spec["containers"].([]any)
	return ok
}

// pod makes the pod that the template describes.
func (o Object) pod(t template) (Pod, error) {
	pod := Pod{Object: o, Path: pathString(t.at), Raw: o.Raw, Pod: new(corev1.Pod)}
	if !o.isPod() {
		from := o.origin(pod.Path)
		pod.Creator = from.creator
		pod.Raw = map[string]any{
			"apiVersion": "v1",
			"kind":       "Pod",
			"metadata":   o.podMetadata(t, pod.Path, from),
			"spec":       t.raw["spec"],
		}
	}
	if err := o.check(pod.Pod, pod.Raw, t.at); err != nil {
		return Pod{}, err
	}
	return pod, nil
}

// check decodes raw into typed as the API server would; an error names the field, which stands at this place of the
// object, and its line.
func (o Object) check(typed any, raw map[string]any, at []any) error {
	data, err := json.Marshal(raw)
	if err != nil {
		return o.Errorf("%s: %w", pathString(at), err)
	}
	err = utiljson.Unmarshal(data, typed)
	if err == nil {
		return nil
	}
	fault := findFault(typed, raw)
	path := slices.Concat(at, fault.at)
	line := o.doc.lineOf(slices.Concat(o.at, path))
	return fmt.Errorf("%s:%d: %s: %s %s", o.File, line, o, pathString(path), fault.detail)
}

// pathString is a place in an object as messages name it: "spec.workerGroupSpecs[0].template".
func pathString(at []any) string {
	var b strings.Builder
	for _, step := range at {
		switch key := step.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", key)
		case string:
			switch {
			case strings.ContainsAny(key, "./"):
				fmt.Fprintf(&b, "[%s]", key)
			case b.Len() > 0:
				b.WriteString("." + key)
			default:
				b.WriteString(key)
			}
		}
	}
	return b.String()
}
