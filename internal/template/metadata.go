package template

import (
	"maps"
	"strings"
)

// podMetadata is the metadata that a controller gives to the pods of a template.
func (o object) podMetadata(written map[string]any, from origin) map[string]any {
	metadata := map[string]any{
		"generateName":    o.name() + "-",
		"ownerReferences": []any{o.owner(from)},
	}
	if o.namespace() != "" {
		metadata["namespace"] = o.namespace()
	}
	for _, key := range []string{"labels", "annotations", "finalizers"} {
		if value := o.inherited(key, written[key]); value != nil {
			metadata[key] = value
		}
	}
	return metadata
}

// owner is the controller reference that the pods carry. Its uid is not known before the object exists.
func (o object) owner(from origin) map[string]any {
	return map[string]any{
		"apiVersion": from.apiVersion,
		"kind":       from.kind,
		"name":       o.name() + from.suffix,
		"uid":        "",
		"controller": true,
	}
}

// inherited is a field of the template's metadata, over what the pods inherit from the object.
func (o object) inherited(key string, written any) any {
	metadata, _ := o["metadata"].(map[string]any)
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
func (o object) copiesMetadata() bool {
	return o.family() == "polyaxon.com" || o.group() == "kubernetes.dask.org"
}

// dropsMetadata is true where the labels and annotations of a template never reach a pod. The API server prunes them
// from KfJob and Cluster, whose CRDs declare the template's metadata without any field; Polyaxon's operator builds
// Dask pods and Ray workers of an Operation from the template's spec alone.
func (o object) dropsMetadata(path string) bool {
	switch o.group() {
	case "polyaxon.com":
		return o.kind() == "KfJob" || o.kind() == "Cluster"
	case "core.polyaxon.com":
		return strings.HasPrefix(path, "daskJobSpec") || strings.HasPrefix(path, "rayJobSpec.workers")
	}
	return false
}
