package v1alpha1

import (
	"reflect"

	"go.yaml.in/yaml/v3"
)

// describe says what a node is, after its quoted value if it has one.
func describe(node *yaml.Node) string {
	switch tag := node.ShortTag(); tag {
	case "!!map":
		return "is a mapping"
	case "!!seq":
		return "is a list"
	case "!!str", "!!timestamp":
		return "is text"
	case "!!bool":
		return "is a boolean"
	case "!!int", "!!float":
		return "is a number"
	case "!!null":
		return "is null"
	default:
		return "has the YAML tag " + tag
	}
}

// expected says what a Go type takes.
func expected(typ reflect.Type) string {
	switch {
	case typ.Kind() == reflect.Bool:
		return "true or false"
	case typ.Kind() == reflect.Int32:
		return "a whole number of 32 bits"
	case typ.Kind() == reflect.Int64:
		return "a whole number of 64 bits"
	case typ.Kind() == reflect.Slice:
		return "a list"
	case isScalar(typ):
		return "text"
	default:
		return "a mapping"
	}
}
