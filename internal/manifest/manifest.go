// Package manifest reads Kubernetes objects from files and finds the pods inside them.
//
// Read turns a stream of YAML documents or JSON objects into objects that know their file and line. Pods finds every
// pod that such an object is or would become (package template), and the line of what is wrong with it.
package manifest

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/polymoat/polymoat/internal/polyaxonfile"
)

// Object is one Kubernetes object as it stands in a file, or as a cluster holds it.
type Object struct {
	// File is the name that Read or FromCluster was given.
	File string
	// Line is where the object begins, counted from 1.
	Line int
	// Raw holds every field as JSON values, known to our API version or not. It is read-only.
	Raw map[string]any

	live bool // there is no file
	doc  *document
	at   []any // the object's place in doc: "items", 3
}

// FromCluster is an object of a cluster. name stands for it in messages, as kubectl writes it: "deployment.apps/web".
func FromCluster(name string, raw map[string]any) Object {
	return Object{File: name, Raw: raw, live: true}
}

// ObjectName is how kubectl names an object: "deployment.apps/web".
func ObjectName(group, kind, name string) string {
	kind = strings.ToLower(kind)
	if group != "" {
		kind += "." + group
	}
	return kind + "/" + name
}

// OwnerName is how kubectl names an owner: "replicaset.apps/web-1".
func OwnerName(o *metav1.OwnerReference) string {
	of := schema.FromAPIVersionAndKind(o.APIVersion, o.Kind)
	return ObjectName(of.Group, of.Kind, o.Name)
}

// APIVersion is the object's group and version: "apps/v1".
func (o Object) APIVersion() string { return o.str("apiVersion") }

// Kind is the object's kind: "Deployment".
func (o Object) Kind() string { return o.str("kind") }

// Namespace is the namespace that the object names itself; empty where it leaves that to the command line.
func (o Object) Namespace() string { return o.str("metadata", "namespace") }

// Name is the object's name, or its generateName where it has none yet.
func (o Object) Name() string {
	if polyaxonfile.Is(o.Raw) {
		return o.str("name")
	}
	if name := o.str("metadata", "name"); name != "" {
		return name
	}
	return o.str("metadata", "generateName")
}

// String is the object as messages name it: "Deployment/web".
func (o Object) String() string { return o.Kind() + "/" + o.Name() }

// Live says whether the object is one of a cluster, not of a file.
func (o Object) Live() bool { return o.live }

// Title is the object with where it comes from: "web.yaml: Deployment/web"; of a cluster "deployment.apps/web".
func (o Object) Title() string {
	if o.live {
		return o.File
	}
	return fmt.Sprintf("%s: %s", o.File, o)
}

// Place is Title with a line: "web.yaml:3: Deployment/web".
func (o Object) Place() string { return o.placeAt(o.Line) }

func (o Object) placeAt(line int) string {
	if o.live {
		return o.File
	}
	return fmt.Sprintf("%s:%d: %s", o.File, line, o)
}

// placeOf is Place with the line of a field.
func (o Object) placeOf(path []any) string {
	if o.live {
		return o.File
	}
	return o.placeAt(o.doc.lineOf(slices.Concat(o.at, path)))
}

// Errorf is an error about the object: "web.yaml:3: Deployment/web: ...".
func (o Object) Errorf(format string, args ...any) error {
	return fmt.Errorf("%s: %w", o.Place(), fmt.Errorf(format, args...))
}

func (o Object) str(fields ...string) string {
	s, _, _ := unstructured.NestedString(o.Raw, fields...)
	return s
}
