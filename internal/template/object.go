package template

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// object is a Kubernetes object as JSON values.
type object map[string]any

func (o object) apiVersion() string { return o.str("apiVersion") }

func (o object) kind() string { return o.str("kind") }

func (o object) namespace() string { return o.str("metadata", "namespace") }

// name is the object's name, or its generateName where it has none yet.
func (o object) name() string {
	if name := o.str("metadata", "name"); name != "" {
		return name
	}
	return o.str("metadata", "generateName")
}

// group is the API group of the object; empty for the core group.
func (o object) group() string {
	group, _, found := strings.Cut(o.apiVersion(), "/")
	if !found {
		return ""
	}
	return group
}

// family is the API group, with Polyaxon's two as one.
func (o object) family() string {
	if o.group() == "core.polyaxon.com" {
		return "polyaxon.com"
	}
	return o.group()
}

func (o object) str(fields ...string) string {
	s, _, _ := unstructured.NestedString(o, fields...)
	return s
}
