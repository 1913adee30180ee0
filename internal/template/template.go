// Package template finds the pods that an object would become: the pod templates of Deployments, Jobs, Kubeflow, Ray and
// Dask kinds and of Polyaxon's own are told by their shape, so that kinds which did not exist when this was written work
// as well. It works on JSON values: nothing here knows where an object comes from, and it has no opinion on pods.
package template

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Pod is a pod that an object is, or that a controller would make of it.
type Pod struct {
	// At is the place of the pod template in the object: "spec", "template". Empty for a Pod itself.
	At []any
	// Raw is the pod as it would be created, as JSON values with every field of the object. It is read-only.
	Raw map[string]any
	// Creator is the user that creates the pod: "system:serviceaccount:kube-system:job-controller". Empty for a Pod
	// itself, and for kinds whose operator may run under any name.
	Creator string
	// Inexact is why not all readers of the object see this pod: `has unknown field "spec.Template"`. It is empty where
	// they do.
	Inexact string
	// Hidden is how the data of a ControllerRevision, of whatever kind, may become another template when it is merged and
	// read by its controller: `holds null in spec.template.metadata`. It is empty where it cannot.
	Hidden string
	// written is the metadata of the template itself.
	written map[string]any
}

// Path is the field of the pod template: "spec.jobTemplate.spec.template". Empty for a Pod itself.
func (p Pod) Path() string { return Path(p.At) }

// LabelsAt is the place of the labels that give the pod one: the template's own, or above it where the object's labels
// reach its pods.
func (p Pod) LabelsAt(key string) []any {
	labels, _ := p.written["labels"].(map[string]any)
	if _, ok := labels[key]; ok {
		return append(slices.Clone(p.At), "metadata", "labels")
	}
	return []any{"metadata", "labels"}
}

const (
	// mostPods is how many pods one object may make.
	mostPods = 128
	// mostBytes is how large they may be in all. An API server takes no object that is larger by itself; but templates may
	// stand inside one another, and each pod has all labels and annotations that reach it.
	mostBytes = 4 << 20
	// mostData is how large the data of a revision may be. It is read several times, as each of its readers does.
	mostData = 512 << 10
)

// Of returns every pod inside an object, in the order of their field paths: the object itself where it is a Pod, else
// every pod template, which is any mapping whose spec has a list of containers, whatever the kind. The error says that
// there are too many, or that they are too large.
func Of(raw map[string]any) ([]Pod, error) {
	o := object(raw)
	// The OpenAPI schema of a CRD describes templates, and may hold examples of them: none becomes a pod.
	if o.kind() == "CustomResourceDefinition" {
		return nil, nil
	}
	found, err := o.find()
	if err != nil {
		return nil, err
	}
	if len(found) > mostPods {
		return nil, fmt.Errorf("has more than %d pod templates", mostPods)
	}
	if o.kind() != "Pod" && o.bytesOf(found) > mostBytes {
		return nil, fmt.Errorf("has pod templates of more than %d MiB together, with what they inherit and what stands inside one another", mostBytes>>20)
	}
	var pods []Pod
	for _, t := range found {
		pods = append(pods, o.pod(t))
	}
	return pods, nil
}

// found is a pod template and its place in the object.
type found struct {
	at      []any
	raw     map[string]any
	inexact string // as in a Pod, like hidden
	hidden  string
}

func (o object) find() ([]found, error) {
	if o.group() == "apps" && o.kind() == "ControllerRevision" {
		return o.revision()
	}
	if o.kind() == "Pod" { // with or without a list of containers; it makes no other pods
		return []found{{raw: o}}, nil
	}
	all := find(nil, map[string]any(o), nil)
	if !o.isTyped() {
		for i := range all {
			all[i].inexact = ambiguous(all[i].raw)
		}
	}
	return all, nil
}

// find walks a JSON value, keys in order, and stops when there are too many. It looks into templates, too, which contain
// no other unless one was made to hide it. The walk extends at in place, for values that nest deeply.
func find(all []found, value any, at []any) []found {
	if len(all) > mostPods {
		return all
	}
	switch value := value.(type) {
	case map[string]any:
		if isTemplate(value) {
			all = append(all, found{at: slices.Clone(at), raw: value})
		}
		for _, key := range slices.Sorted(maps.Keys(value)) {
			// What an object reports and who wrote its fields are about pods that exist already.
			if len(at) == 0 && (key == "status" || key == "metadata") {
				continue
			}
			all = find(all, value[key], append(at, key))
		}
	case []any:
		for i, item := range value {
			switch item.(type) {
			case map[string]any, []any: // most long lists are of words, and a place costs memory
				all = find(all, item, append(at, i))
			}
		}
	}
	return all
}

// pod makes the pod that the template describes.
func (o object) pod(t found) Pod {
	pod := Pod{At: t.at, Raw: o}
	pod.written, _ = t.raw["metadata"].(map[string]any)
	if o.kind() == "Pod" {
		return pod
	}
	if o.dropsMetadata(pod.Path()) {
		pod.written = nil
	}
	pod.Inexact, pod.Hidden = t.inexact, t.hidden
	from := o.origin(pod.Path())
	pod.Creator = from.creator
	pod.Raw = map[string]any{
		"apiVersion": "v1",
		"kind":       "Pod",
		"metadata":   o.podMetadata(pod.written, from),
		"spec":       t.raw["spec"],
	}
	return pod
}

// Path is a place in an object as messages name it: "spec.workerGroupSpecs[0].template".
func Path(at []any) string {
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
