package v1alpha1

import (
	"encoding/json"
	"regexp"
)

// jsonEscapes are backslashes in JSON strings; surrogates come in runs.
var jsonEscapes = regexp.MustCompile(`(?:\\u[dD][89a-fA-F][0-9a-fA-F]{2})+|\\.`)

// jsonAsYAML writes out the two kinds of escape that JSON has and our YAML library does not: "\/" and characters in
// two halves. Anything that is not JSON stays as it is. No line moves.
func jsonAsYAML(data []byte) []byte {
	if !json.Valid(data) {
		return data
	}
	return jsonEscapes.ReplaceAllFunc(data, func(escape []byte) []byte {
		var text string
		switch {
		case len(escape) == 2 && escape[1] != '/':
			return escape
		case json.Unmarshal([]byte(`"`+string(escape)+`"`), &text) != nil:
			return escape
		}
		return []byte(text)
	})
}
