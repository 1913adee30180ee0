package template

import (
	"encoding/json"
	"iter"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	kjson "sigs.k8s.io/json"
)

// The API server keeps unknown fields of many custom resources, and does not tell "Spec" from what an operator reads. One
// that reads with encoding/json takes it for "spec": keys of any case, and letters like "ſ", which is an s.

// isTyped is true for objects of Kubernetes' own groups: the API server has dropped what it does not know.
func (o object) isTyped() bool {
	switch o.group() {
	case "", "apps", "batch", "extensions":
		return true
	}
	return false
}

// isTemplate is true for a mapping whose spec has a list of containers, as any reader spells them.
func isTemplate(value map[string]any) bool {
	for spec := range like(value, "spec") {
		mapping, _ := spec.(map[string]any)
		for containers := range like(mapping, "containers") {
			if _, ok := containers.([]any); ok {
				return true
			}
		}
	}
	return false
}

// like are the values of a mapping whose key some reader takes for this one.
func like(mapping map[string]any, key string) iter.Seq[any] {
	return func(yield func(any) bool) {
		for k, value := range mapping {
			if len(k) <= 2*len(key) && strings.EqualFold(k, key) && !yield(value) {
				return
			}
		}
	}
}

// ambiguous says of a template that readers for whom case does not count see another pod; empty where they do not. What
// does not decode at all is for others to tell.
func ambiguous(raw map[string]any) string {
	written, err := json.Marshal(raw)
	if err != nil {
		return ""
	}
	var exact, loose corev1.PodTemplateSpec
	if kjson.UnmarshalCaseSensitivePreserveInts(written, &exact) != nil {
		return ""
	}
	if json.Unmarshal(written, &loose) == nil && equality.Semantic.DeepEqual(exact, loose) {
		return ""
	}
	return `is another pod for readers who take "Spec" for "spec"`
}
