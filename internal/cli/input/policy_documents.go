package input

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// policiesIn loads the policies of a text: plain documents, those under policies: in values of the chart, and those in
// ConfigMaps, among any other objects. Every mistake is told with its line in the text.
func policiesIn(name string, data []byte) (loaded []v1alpha1.File, errs []error) {
	docs := documents(data)
	var policies []string
	for _, doc := range docs {
		found, known := policyTexts(doc)
		if len(docs) == 1 && !known {
			found = []string{string(data)} // what is wrong with it is for Load to say
		}
		policies = append(policies, found...)
	}
	if len(policies) == 0 {
		return nil, []error{fmt.Errorf("%s: no policy in it: no PlacementPolicy, no values of the chart, no ConfigMap that holds one", name)}
	}
	for _, text := range policies {
		p, err := v1alpha1.Load(name, []byte(text))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		loaded = append(loaded, v1alpha1.File{Name: name, Policy: p})
	}
	return loaded, errs
}

// documents are those of a stream of YAML, each on the lines that it has in the stream. Those without content are left out.
func documents(data []byte) []string {
	var docs []string
	start, line := 0, 0
	var doc strings.Builder
	end := func() {
		var root yaml.Node
		text := strings.Repeat("\n", start) + doc.String()
		if err := yaml.Unmarshal([]byte(text), &root); err != nil || root.Kind != 0 {
			docs = append(docs, text)
		}
		doc.Reset()
	}
	for part := range bytes.Lines(data) {
		if text := strings.TrimRight(string(part), " \r\n"); text == "---" || strings.HasPrefix(text, "--- #") {
			end()
			start = line + 1
		} else {
			doc.Write(part)
		}
		line++
	}
	end()
	return docs
}

// policyTexts are the policies of one document, each on the lines that it has there. known is false for what is no object
// and no values of the chart.
func policyTexts(doc string) (found []string, known bool) {
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(doc), &root); err != nil || len(root.Content) != 1 || root.Content[0].Kind != yaml.MappingNode {
		return []string{doc}, false
	}
	top := root.Content[0]
	switch kind := fieldOf(top, "kind"); {
	case kind == nil:
		if list := fieldOf(top, "policies"); list != nil && list.Kind == yaml.SequenceNode {
			return itemTexts(doc, top, list), true
		}
		return []string{doc}, false
	case kind.Value == v1alpha1.Kind:
		return []string{doc}, true
	case kind.Value == "ConfigMap":
		held := heldTexts(fieldOf(top, "data"))
		return held, len(held) > 0
	}
	return nil, false
}

// fieldOf is the value of a key; nil where it is not there.
func fieldOf(mapping *yaml.Node, key string) *yaml.Node {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

// heldTexts are the policies among the files of a ConfigMap. The text of a block begins below its key.
func heldTexts(data *yaml.Node) []string {
	if data == nil || data.Kind != yaml.MappingNode {
		return nil
	}
	var found []string
	for i := 0; i+1 < len(data.Content); i += 2 {
		value := data.Content[i+1]
		if slices.Contains(Extensions, filepath.Ext(data.Content[i].Value)) && isPolicy(value.Value) {
			found = append(found, strings.Repeat("\n", value.Line)+value.Value)
		}
	}
	return found
}

func isPolicy(text string) bool {
	var head struct {
		Kind string `yaml:"kind"`
	}
	err := yaml.Unmarshal([]byte(text), &head)
	var wrongType *yaml.TypeError
	return (err == nil || errors.As(err, &wrongType)) && head.Kind == v1alpha1.Kind
}

// itemTexts are the items of a list: their lines as they stand there, without the dash.
func itemTexts(doc string, top, list *yaml.Node) []string {
	lines := strings.SplitAfter(doc, "\n")
	var found []string
	for i, item := range list.Content {
		last := len(lines)
		for _, next := range slices.Concat(top.Content, list.Content[i+1:]) {
			if next.Line > item.Line && next.Line <= last && !slices.Contains(item.Content, next) {
				last = next.Line - 1
			}
		}
		text := strings.Repeat("\n", item.Line-1)
		if list.Style&yaml.FlowStyle != 0 {
			marshalled, _ := yaml.Marshal(item) // it was read from YAML
			found = append(found, text+string(marshalled))
			continue
		}
		first := lines[item.Line-1]
		text += strings.Repeat(" ", item.Column-1) + string([]rune(first)[item.Column-1:])
		found = append(found, text+strings.Join(lines[item.Line:last], ""))
	}
	return found
}
