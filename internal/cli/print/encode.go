package print

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// JSON is a value as one line of JSON. It is YAML, too, which takes no control characters as they are.
func JSON(value any) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // a reader sees "<stdin>", not "\u003cstdin\u003e"
	must(encoder.Encode(value))
	return visible(text.String())
}

// YAML is a JSON value, or a YAML node, as kubectl prints it.
func YAML(value any) string {
	var text strings.Builder
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	encoder.CompactSeqIndent()
	must(encoder.Encode(value))
	return text.String()
}

// Plain is JSON as a YAML node that keeps the order of the fields, without the braces and quotes.
func Plain(text string) *yaml.Node {
	var root yaml.Node
	must(yaml.Unmarshal([]byte(text), &root))
	takeStyle(&root)
	return &root
}

// takeStyle takes the braces and quotes of JSON from a YAML value, all but those of empty lists and mappings.
func takeStyle(node *yaml.Node) {
	if len(node.Content) > 0 || node.Kind == yaml.ScalarNode {
		node.Style = 0
	}
	for _, child := range node.Content {
		takeStyle(child)
	}
}

// must holds that JSON values can be encoded, and that a builder takes all that is written to it.
func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("print: %v", err))
	}
}

// junit is the report of a test run in the form that CI systems read: a suite for each folder, a case for each case, and for
// each file or folder that fails by itself.
type junit struct {
	XMLName xml.Name `xml:"testsuites"`
	Suites  []Suite  `xml:"testsuite"`
}

// Suite is the cases of one folder.
type Suite struct {
	Name     string `xml:"name,attr"`
	Tests    int    `xml:"tests,attr"`
	Failures int    `xml:"failures,attr"`
	Errors   int    `xml:"errors,attr"`
	Cases    []Case `xml:"testcase"`
}

// Case passed where it has neither a failure nor an error.
type Case struct {
	Name    string  `xml:"name,attr"`
	Class   string  `xml:"classname,attr"` // the folder
	Failure *Reason `xml:"failure"`
	Error   *Reason `xml:"error"`
}

// Reason says in one line what is wrong, and shows it.
type Reason struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// Add puts a case into the suite.
func (s *Suite) Add(tc Case) {
	tc.Class = s.Name
	s.Tests++
	if tc.Failure != nil {
		s.Failures++
	}
	if tc.Error != nil {
		s.Errors++
	}
	s.Cases = append(s.Cases, tc)
}

// JUnit is the report of suites as XML.
func JUnit(suites []Suite) string {
	text, err := xml.MarshalIndent(junit{Suites: suites}, "", "  ")
	must(err)
	return xml.Header + string(text) + "\n"
}
