package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
)

var (
	yamlLine = regexp.MustCompile(`line (\d+): `)
	// countsFromZero tells the errors of the YAML library's parser from those of its scanner, which count from 1.
	countsFromZero = regexp.MustCompile(`did not find expected (key|node content|'|<)`)
)

// yamlError rewrites what the YAML library says, counting lines from the document, to one error with file and line for
// each mistake.
func (d *document) yamlError(err error) error {
	text := strings.TrimPrefix(err.Error(), "error converting YAML to JSON: ")
	text = strings.TrimPrefix(text, "yaml: ")
	text = strings.TrimPrefix(text, "unmarshal errors:\n")
	var errs []error
	for mistake := range strings.Lines(text) {
		mistake = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(mistake), "yaml: "))
		line := d.lineOf(nil)
		if m := yamlLine.FindStringSubmatch(mistake); m != nil {
			n, _ := strconv.Atoi(m[1])
			line = d.line + n - 1
			if countsFromZero.MatchString(mistake) {
				line++
			}
			mistake = strings.Replace(mistake, m[0], "", 1)
		}
		if strings.Contains(mistake, "found character that cannot start any token") {
			mistake += "; YAML is indented with spaces, not tabs"
		}
		errs = append(errs, fmt.Errorf("%s:%d: %s", d.file, line, mistake))
	}
	return errors.Join(errs...)
}

// lineAt is the line of the file at an offset into the document's text.
func (d *document) lineAt(offset int) int {
	return d.line + bytes.Count(d.text[:min(max(offset, 0), len(d.text))], []byte("\n"))
}

// lineOf is the line of the file on which a field stands; where there is no such field, the line of the field around it.
func (d *document) lineOf(path []any) int {
	if d.root == nil && d.parse() != nil {
		return d.line + d.firstLine() - 1
	}
	node := d.root
	line := node.Line
	for _, step := range path {
		key, next := child(node, step)
		if next == nil {
			break
		}
		node, line = next, key.Line
	}
	return d.line + max(line, 1) - 1
}

// parse fills in root. It refuses what follows the end of the first value, which the other decoder does not look at.
func (d *document) parse() error {
	decoder := yamlv3.NewDecoder(bytes.NewReader(d.text))
	var first, second yamlv3.Node
	if err := decoder.Decode(&first); errors.Is(err, io.EOF) {
		d.root = &yamlv3.Node{Line: d.firstLine()}
		return nil
	} else if err != nil {
		return err
	}
	if err := decoder.Decode(&second); err == nil {
		return fmt.Errorf("line %d: a second value without \"---\" before it", second.Line)
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	d.root = first.Content[0]
	return nil
}

// firstLine is the first line of the document that is not empty, a comment or a marker.
func (d *document) firstLine() int {
	n := 0
	for line := range bytes.Lines(d.text) {
		n++
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' && !isMarker(line, "---") {
			return n
		}
	}
	return 1
}

// child is the field or item of a node, and the node on whose line it begins.
func child(node *yamlv3.Node, step any) (begin, value *yamlv3.Node) {
	if node.Kind == yamlv3.AliasNode {
		node = node.Alias
	}
	switch step := step.(type) {
	case int:
		if node.Kind == yamlv3.SequenceNode && step < len(node.Content) {
			return node.Content[step], node.Content[step]
		}
	case string:
		if node.Kind != yamlv3.MappingNode {
			return nil, nil
		}
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i], node.Content[i+1]
			}
		}
	}
	return nil, nil
}
