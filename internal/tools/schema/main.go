// Command schema prints the JSON schema of the chart's values. The policy's part comes from the Go types that the server
// decodes, with their doc comments and their constants: what the schema refuses, the server refuses.
//
//	cd internal/tools/schema && go run . > ../../../manifests/chart/values.schema.json
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

func main() {
	text, err := generate()
	if err == nil {
		_, err = os.Stdout.Write(append(text, '\n'))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// generate returns the schema as indented JSON, the same for the same sources.
func generate() ([]byte, error) {
	sources, err := readSources()
	if err != nil {
		return nil, err
	}
	r := &jsonschema.Reflector{Anonymous: true, ExpandedStruct: true, Mapper: mapper(sources), LookupComment: sources.comment}
	schema := r.Reflect(&Values{})
	schema.Title = "Values of the chart polymoat"
	policy := schema.Definitions["PlacementPolicy"]
	property(policy, "apiVersion").Const = v1alpha1.APIVersion
	property(policy, "kind").Const = v1alpha1.Kind
	one := uint64(1)
	property(schema.Definitions["Spec"], "namespaces").MinItems = &one
	property(schema.Definitions["Spec"], "nodePools").MinItems = &one
	return json.MarshalIndent(schema, "", " ")
}

// property panics for a name that the type does not have: the generator is wrong then.
func property(s *jsonschema.Schema, name string) *jsonschema.Schema {
	p, found := s.Properties.Get(name)
	if !found {
		panic("no property " + name)
	}
	return p
}

// mapper knows the types that are not written as Go spells them, and gives enumerations their values.
func mapper(sources sources) func(reflect.Type) *jsonschema.Schema {
	return func(t reflect.Type) *jsonschema.Schema {
		switch t {
		case reflect.TypeFor[metav1.Time]():
			return &jsonschema.Schema{Type: "string", Format: "date-time"}
		case reflect.TypeFor[resource.Quantity]():
			return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "string"}, {Type: "number"}}}
		}
		if values := sources.enums[name(t)]; t.Kind() == reflect.String && len(values) > 0 {
			return &jsonschema.Schema{Type: "string", Enum: values}
		}
		return nil
	}
}

// name is the type's full name: "k8s.io/api/core/v1.TaintEffect".
func name(t reflect.Type) string { return t.PkgPath() + "." + t.Name() }

// comment is the doc comment of a type, or of its field, in one line and without what it tells generators.
func (s sources) comment(t reflect.Type, field string) string {
	var words []string
	for line := range strings.Lines(s.comments[name(t)+"."+field]) {
		if !strings.HasPrefix(line, "+") {
			words = append(words, strings.Fields(line)...)
		}
	}
	return strings.Join(words, " ")
}
