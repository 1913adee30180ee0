package v1alpha1

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// check walks a node beside the Go type it will be decoded into and records every line and every mistake of form.
// A null is an absent value, as everywhere in Kubernetes.
func (d *document) check(node *yaml.Node, typ reflect.Type, path *field.Path) {
	if path != nil {
		d.lines[path.String()], d.there[path.String()] = node.Line, node.ShortTag() != "!!null"
	}
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch {
	case node.Kind == yaml.AliasNode:
		d.misread(node, forbidden(path, "is the alias *%s; aliases are not read, write the value out", node.Value))
	case node.ShortTag() == "!!null":
	case isScalar(typ):
		d.checkScalar(node, typ, path)
	case typ.Kind() == reflect.Slice && node.Kind == yaml.SequenceNode:
		for i, item := range node.Content {
			d.check(item, typ.Elem(), path.Index(i))
		}
	case typ.Kind() == reflect.Map && node.Kind == yaml.MappingNode:
		d.checkKeys(node, path.Key, func(string) reflect.Type { return typ.Elem() }, nil)
	case typ.Kind() == reflect.Struct && node.Kind == yaml.MappingNode:
		fields := fieldsOf(typ)
		d.checkKeys(node, func(key string) *field.Path { return path.Child(key) },
			func(key string) reflect.Type { return fields[key] }, slices.Sorted(maps.Keys(fields)))
	default:
		d.wrongType(node, typ, path)
	}
}

// checkKeys checks the keys of a mapping and their values. typeOf is nil for a key that is not accepted.
func (d *document) checkKeys(node *yaml.Node, child func(string) *field.Path, typeOf func(string) reflect.Type, accepted []string) {
	first := map[string]int{}
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		path := child(key.Value)
		switch {
		case key.ShortTag() == "!!merge":
			d.lines[path.String()] = key.Line
			d.misread(key, forbidden(path, "merges an alias; aliases are not read, write the values out"))
		case key.Kind != yaml.ScalarNode || !isText(key):
			d.lines[path.String()] = key.Line
			d.misread(key, forbidden(path, "the key %s, not text; quote it", describe(key)))
		case typeOf(key.Value) == nil:
			d.lines[path.String()] = key.Line
			d.misread(key, forbidden(path, "unknown field; %s", didYouMean(key.Value, accepted)))
			if near := Nearest(key.Value, accepted); near != "" {
				d.spoilt = append(d.spoilt, child(near).String())
			}
		case first[key.Value] > 0:
			d.lines[path.String()] = key.Line
			d.misread(key, forbidden(path, "is set twice, first on line %d; keep one", first[key.Value]))
		default:
			first[key.Value] = key.Line
			d.check(value, typeOf(key.Value), path)
		}
	}
}

// checkScalar checks that a text, a boolean or a whole number is one, in the range of its type.
func (d *document) checkScalar(node *yaml.Node, typ reflect.Type, path *field.Path) {
	var number int64
	var truth bool
	switch {
	case node.Kind != yaml.ScalarNode:
		d.wrongType(node, typ, path)
	case typ.Kind() == reflect.Bool:
		if node.ShortTag() != "!!bool" || node.Decode(&truth) != nil {
			d.wrongType(node, typ, path)
		}
	case typ.Kind() == reflect.Int32 || typ.Kind() == reflect.Int64:
		if node.ShortTag() != "!!int" || node.Decode(&number) != nil || reflect.Zero(typ).OverflowInt(number) {
			d.wrongType(node, typ, path)
		}
	case !isText(node):
		d.wrongType(node, typ, path)
	case typ.Kind() == reflect.Struct:
		text, _ := json.Marshal(node.Value) // a string always marshals
		if err := json.Unmarshal(text, reflect.New(typ).Interface()); err != nil {
			d.misread(node, invalid(path, node.Value, `is not a time like "2026-01-02T15:04:05Z"`))
		}
	}
}

// wrongType says what the value is and what it should be.
func (d *document) wrongType(node *yaml.Node, typ reflect.Type, path *field.Path) {
	e := field.TypeInvalid(path, node.Value, fmt.Sprintf("%s, not %s", describe(node), expected(typ)))
	if node.Kind != yaml.ScalarNode {
		e.BadValue = field.OmitValueType{}
	}
	if typ.Kind() == reflect.String && node.Kind == yaml.ScalarNode {
		e.Detail += "; quote it"
	}
	d.misread(node, e)
}

// isText holds for what YAML reads as a string, and for dates, which it would read as times.
func isText(node *yaml.Node) bool {
	return node.ShortTag() == "!!str" || node.ShortTag() == "!!timestamp"
}

// isScalar holds for types that are written as one word: metav1.Time is one, a struct with a decoder of its own.
func isScalar(typ reflect.Type) bool {
	switch typ.Kind() {
	case reflect.Slice, reflect.Map:
		return false
	case reflect.Struct:
		return reflect.PointerTo(typ).Implements(reflect.TypeFor[json.Unmarshaler]())
	default:
		return true
	}
}

// fieldsOf are the types of a struct's fields by their JSON names.
func fieldsOf(typ reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for f := range typ.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" { // inline
			maps.Copy(fields, fieldsOf(f.Type))
			continue
		}
		fields[name] = f.Type
	}
	return fields
}

// plain is the value of a checked node, as encoding/json takes it, without what could not be read.
func (d *document) plain(node *yaml.Node) any {
	switch {
	case d.unread[node]:
		return nil
	case node.Kind == yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i < len(node.Content); i += 2 {
			if !d.unread[node.Content[i]] {
				m[node.Content[i].Value] = d.plain(node.Content[i+1])
			}
		}
		return m
	case node.Kind == yaml.SequenceNode:
		list := make([]any, len(node.Content))
		for i, item := range node.Content {
			list[i] = d.plain(item)
		}
		return list
	case isText(node):
		return node.Value
	}
	var v any
	_ = node.Decode(&v) // checkScalar decoded it before
	return v
}
