package manifest

import (
	"maps"
	"strings"
)

// podMetadata is the metadata that a controller gives to the pods of a template.
func (o Object) podMetadata(t template, path string, from origin) map[string]any {
	written, _ := t.raw["metadata"].(map[string]any)
	if o.dropsMetadata(path) {
		written = nil
	}
	metadata := map[string]any{
		"generateName":    o.Name() + "-",
		"ownerReferences": []any{o.owner(from)},
	}
	if o.Namespace() != "" {
		metadata["namespace"] = o.Namespace()
	}
	for _, key := range []string{"labels", "annotations", "finalizers"} {
		if value := o.inherited(key, written[key]); value != nil {
			metadata[key] = value
		}
	}
	return metadata
}

// owner is the controller reference that the pods carry. Its uid is not known before the object exists.
func (o Object) owner(from origin) map[string]any {
	return map[string]any{
		"apiVersion": from.apiVersion,
		"kind":       from.kind,
		"name":       o.Name() + from.suffix,
		"uid":        "",
		"controller": true,
	}
}

// inherited is a field of the template's metadata, over what the pods inherit from the object.
func (o Object) inherited(key string, written any) any {
	metadata, _ := o.Raw["metadata"].(map[string]any)
	own, ok := metadata[key].(map[string]any)
	if !ok || !o.copiesMetadata() {
		return written
	}
	over, ok := written.(map[string]any)
	if written != nil && !ok {
		return written
	}
	merged := maps.Clone(own)
	maps.Copy(merged, over)
	return merged
}

// copiesMetadata is true for kinds whose operator copies the object's own labels and annotations to its pods.
func (o Object) copiesMetadata() bool {
	return o.family() == "polyaxon.com" || o.group() == "kubernetes.dask.org"
}

// dropsMetadata is true where the labels and annotations of a template never reach a pod. The API server prunes them
// from KfJob and Cluster, whose CRDs declare the template's metadata without any field; Polyaxon's operator builds
// Dask pods and Ray workers of an Operation from the template's spec alone.
func (o Object) dropsMetadata(path string) bool {
	switch o.group() {
	case "polyaxon.com":
		return o.Kind() == "KfJob" || o.Kind() == "Cluster"
	case "core.polyaxon.com":
		return strings.HasPrefix(path, "daskJobSpec") || strings.HasPrefix(path, "rayJobSpec.workers")
	}
	return false
}
