package v1alpha1

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/validation/field"
	kjson "sigs.k8s.io/json"
)

// document is one YAML document on its way into a policy: the line of every field, and the mistakes found so far.
type document struct {
	lines map[string]int  // by field path: "spec.roles[2].name"
	there map[string]bool // fields that are set, and not to null
	errs  field.ErrorList

	unread map[*yaml.Node]bool // keys and values that have mistakes of form: they are left out of the policy
	spoilt []string            // the fields of which nothing is known for that
}

// decode reads the one document in data, and what it can of a document with mistakes. The policy is nil where it is none
// at all, and to be used only if the document has no mistakes.
func decode(data []byte) (*document, *PlacementPolicy) {
	doc := &document{lines: map[string]int{}, there: map[string]bool{}, unread: map[*yaml.Node]bool{}}
	root := doc.parse(data)
	if root == nil || !doc.checkHead(root) {
		return doc, nil
	}
	doc.check(root, reflect.TypeFor[PlacementPolicy](), nil)
	p := &PlacementPolicy{}
	doc.fill(p, root)
	return doc, p
}

// missingValues wants the value of every pool's label written down: an empty one is a value, too.
func (d *document) missingValues(p *PlacementPolicy) field.ErrorList {
	var errs field.ErrorList
	for i := range p.Spec.NodePools {
		path := field.NewPath("spec", "nodePools").Index(i).Child("nodeLabel", "value")
		if !d.there[path.String()] {
			errs = append(errs, missing(path, `is missing; write the value that the pool's nodes carry, "" for an empty one`))
		}
	}
	return errs
}

// misread records a mistake of form: what the node says is not known.
func (d *document) misread(node *yaml.Node, e *field.Error) {
	d.errs = append(d.errs, e)
	d.unread[node] = true
	d.spoilt = append(d.spoilt, e.Field)
}

// follows says whether a mistake of content may come of one of form: it is about a field that could not be read, about
// what is in it, or about what it is in.
func (d *document) follows(e *field.Error) bool {
	return slices.ContainsFunc(d.spoilt, func(spoilt string) bool {
		return e.Field == spoilt || e.Field == parent(spoilt) ||
			strings.HasPrefix(e.Field, spoilt+".") || strings.HasPrefix(e.Field, spoilt+"[")
	})
}

// parse returns the mapping at the top of the stream's only document, or nil and a mistake.
func (d *document) parse(data []byte) *yaml.Node {
	stream := yaml.NewDecoder(bytes.NewReader(jsonAsYAML(data)))
	var first yaml.Node
	if err := stream.Decode(&first); err != nil && !errors.Is(err, io.EOF) {
		return d.syntax(err)
	}
	if first.Kind == 0 || first.Content[0].ShortTag() == "!!null" {
		return d.fail(0, `holds no policy; "kubectl polymoat policy default" prints one to start from`)
	}
	root := first.Content[0]
	if root.Kind != yaml.MappingNode {
		return d.fail(root.Line, describe(root)+", not a mapping with apiVersion, kind, metadata and spec")
	}
	for {
		var next yaml.Node
		switch err := stream.Decode(&next); {
		case errors.Is(err, io.EOF):
			return root
		case err != nil:
			return d.syntax(err)
		case next.Content[0].ShortTag() != "!!null": // "---" with nothing after it begins no document that anybody meant
			return d.fail(next.Line, "a second document begins here; a file holds one policy")
		}
	}
}

// fail records a mistake of the whole document.
func (d *document) fail(line int, detail string) *yaml.Node {
	d.lines[""] = line
	d.errs = append(d.errs, &field.Error{Type: field.ErrorTypeInvalid, BadValue: field.OmitValueType{}, Detail: detail})
	return nil
}

var syntaxError = regexp.MustCompile(`(?s)^yaml: (?:line (\d+): )?(.*)$`)

// syntax takes the line out of the YAML library's message.
func (d *document) syntax(err error) *yaml.Node {
	m := syntaxError.FindStringSubmatch(err.Error())
	if m == nil {
		return d.fail(0, "is not YAML: "+err.Error())
	}
	line, _ := strconv.Atoi(m[1]) // no line: 0
	return d.fail(line, "is not YAML: "+m[2])
}

// checkHead looks at apiVersion and kind first: the fields of another kind would all be unknown.
func (d *document) checkHead(root *yaml.Node) bool {
	for _, want := range [][2]string{{"apiVersion", APIVersion}, {"kind", Kind}} {
		path := field.NewPath(want[0])
		value := valueOf(root, want[0])
		switch {
		case value == nil:
			d.errs = append(d.errs, missing(path, "is missing; write %q", want[1]))
		case value.Kind != yaml.ScalarNode:
			d.lines[want[0]] = value.Line
			d.wrongType(value, reflect.TypeFor[string](), path)
		case value.Value != want[1]:
			d.lines[want[0]] = value.Line
			d.errs = append(d.errs, invalid(path, value.Value, "is not read here; write %q", want[1]))
		}
	}
	return len(d.errs) == 0
}

// valueOf is the value of a key of a mapping; nil where it is not there.
func valueOf(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

// fill decodes a checked document. The JSON decoder is strict too: what check lets pass by mistake ends here.
func (d *document) fill(p *PlacementPolicy, root *yaml.Node) {
	data, err := json.Marshal(d.plain(root))
	if err != nil {
		d.fail(0, err.Error())
		return
	}
	strict, err := kjson.UnmarshalStrict(data, p)
	for _, err := range append(strict, err) {
		if err != nil {
			d.fail(0, err.Error())
		}
	}
}

// line is where the field is, or the nearest thing around it that is in the document.
func (d *document) line(path string) int {
	for path != "" {
		if line, ok := d.lines[path]; ok {
			return line
		}
		path = parent(path)
	}
	return d.lines[""]
}

// parent is the path of what a field is in.
func parent(path string) string {
	end := strings.LastIndexByte(path, '.')
	if strings.HasSuffix(path, "]") {
		end = strings.LastIndexByte(path, '[') // a key in brackets may have dots
	}
	return path[:max(end, 0)]
}
