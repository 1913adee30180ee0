package manifest

import (
	"bytes"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
)

// document is one document of a stream: what stands between two "---" lines.
type document struct {
	file string
	line int // the line of the file on which text begins, from 1
	text []byte

	root *yamlv3.Node // the parsed text, for line numbers; nil before parse
}

// split cuts a stream at its document markers: "---", alone or followed by a comment or by content, and "...".
// A marker stays with the document that it opens, so that line numbers and directives ("%YAML 1.2") keep their place.
func split(file string, data []byte) []*document {
	var docs []*document
	start, first, line := 0, 1, 1
	cut := func(end int) {
		docs = append(docs, &document{file: file, line: first, text: body(data[start:end])})
		start, first = end, line
	}
	for pos := 0; pos < len(data); {
		end := pos + lineLength(data[pos:])
		text := data[pos:end]
		if isMarker(text, "---") && !onlyDirectives(data[start:pos]) {
			cut(pos)
		}
		pos, line = end, line+1
		if isMarker(text, "...") {
			cut(pos)
		}
	}
	cut(len(data))
	return docs
}

// body is the text of a document, without its marker where JSON follows.
func body(text []byte) []byte {
	if rest, found := bytes.CutPrefix(text, []byte("---")); found && isJSON(rest) {
		return bytes.Replace(text, []byte("---"), []byte("   "), 1)
	}
	return text
}

// isJSON is true for what begins like JSON; a YAML flow mapping does, too.
func isJSON(text []byte) bool {
	text = bytes.TrimSpace(text)
	return len(text) > 0 && (text[0] == '{' || text[0] == '[')
}

func lineLength(data []byte) int {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1
	}
	return len(data)
}

// isMarker tells "---" and "--- # web" from "----" and "---a".
func isMarker(line []byte, marker string) bool {
	rest, found := bytes.CutPrefix(line, []byte(marker))
	return found && (len(rest) == 0 || strings.ContainsRune(" \t\r\n", rune(rest[0])))
}

// onlyDirectives is true for a text of directives, comments and empty lines: it belongs to the document that follows.
func onlyDirectives(text []byte) bool {
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '%' && line[0] != '#' {
			return false
		}
	}
	return true
}
