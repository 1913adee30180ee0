package manifest

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

func TestRead(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string // line and object
	}{
		"nothing":                       {"", nil},
		"only a comment":                {"# later\n", nil},
		"only markers":                  {"---\n---\n# nothing\n---\n", nil},
		"one document":                  {"kind: A\n", []string{"1 A/"}},
		"comment first":                 {"# one\n\nkind: A\n", []string{"3 A/"}},
		"empty documents between":       {"kind: A\n---\n---\n# none\n---\nkind: B\n", []string{"1 A/", "6 B/"}},
		"content and comment on marker": {"--- {kind: A}\n--- # b\nkind: B\n---   \nkind: C\n", []string{"1 A/", "3 B/", "5 C/"}},
		"four dashes are no marker":     {"kind: A\nmetadata:\n  name: |\n    ----\n    x\n", []string{"1 A/----\nx\n"}},
		"end markers":                   {"kind: A\n...\nkind: B\n...\n---\nkind: C\n", []string{"1 A/", "3 B/", "6 C/"}},
		"directives":                    {"%YAML 1.1\n# c\n---\nkind: A\n...\n%YAML 1.1\n---\nkind: B\n", []string{"4 A/", "8 B/"}},
		"CRLF":                          {"# a\r\nkind: A\r\n---\r\nkind: B\r\n", []string{"2 A/", "4 B/"}},
		"byte order marks":              {"\ufeffkind: A\n---\n\ufeffkind: B\n\ufeff---\nkind: C\n", []string{"1 A/", "3 B/", "5 C/"}},
		"UTF-16":                        {utf16LE("kind: A\n---\nkind: B\n"), []string{"1 A/", "3 B/"}},
		"anchors and merges":            {"kind: A\nmetadata: &m {name: x}\nother: *m\nmore:\n  <<: *m\n", []string{"1 A/x"}},
		"JSON":                          {"\n{\"kind\": \"A\",\n\t\"metadata\": {\"name\": \"x\"}}\n", []string{"2 A/x"}},
		"concatenated JSON":             {"{\"kind\":\"A\"}\n{\"kind\":\"B\"} {\"kind\":\"C\"}", []string{"1 A/", "2 B/", "2 C/"}},
		"JSON documents":                {"---\n{\n\t\"kind\": \"A\"}\n---\n{\"kind\":\"B\"}\n", []string{"2 A/", "5 B/"}},
		"flow mapping":                  {"{kind: A,\n metadata: {name: x}}\n", []string{"1 A/x"}},
		"list":                          {"kind: List\nitems:\n- kind: A\n- kind: B\n  metadata: {name: x}\n", []string{"3 A/", "4 B/x"}},
		"list of pods":                  {"kind: PodList\nitems:\n- metadata: {name: x}\n", []string{"3 Pod/x"}},
		"list within a list":            {"kind: List\nitems:\n- kind: List\n  items:\n  - kind: A\n", []string{"5 A/"}},
		"empty list":                    {"kind: List\nitems: []\n", nil},
		"JSON list":                     {"{\"kind\":\"List\",\"items\":[\n{\"kind\":\"A\"},\n{\"kind\":\"B\"}]}", []string{"2 A/", "3 B/"}},
		"generated name":                {"kind: A\nmetadata: {generateName: x-}\n", []string{"1 A/x-"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			objects, err := Read("a.yaml", strings.NewReader(tc.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, lines(objects)); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	tests := map[string]struct {
		text string
		want string
		rest []string // the objects that are read nevertheless
	}{
		"not a mapping":    {"- kind: A\n", "a.yaml:1: a list where a Kubernetes object is expected", nil},
		"plain text":       {"hello\n", `a.yaml:1: the string "hello" where a Kubernetes object is expected`, nil},
		"no kind":          {"# values\n\nimage: nginx\n", "a.yaml:3: not a Kubernetes object: it has no kind", nil},
		"bad indentation":  {"kind: A\nmetadata:\n  name: x\n labels: {}\n", "a.yaml:4: did not find expected key", nil},
		"colon in a value": {"kind: A\nmetadata:\n  name: a: b\n", "a.yaml:3: mapping values are not allowed in this context", nil},
		"tab":              {"kind: A\nmetadata:\n\tname: x\n", "a.yaml:3: found character that cannot start any token; YAML is indented with spaces, not tabs", nil},
		"unknown anchor":   {"kind: A\nmetadata: *m\n", "a.yaml:1: unknown anchor 'm' referenced", nil},
		"duplicate keys": {
			"---\nkind: A\nspec: {a: 1, a: 2}\nkind: B\n",
			"a.yaml:3: key \"a\" already set in map\na.yaml:4: key \"kind\" already set in map", nil,
		},
		"second of three documents": {
			"kind: A\n---\nkind: [B\n---\nkind: C\n",
			"a.yaml:4: did not find expected ',' or ']'", []string{"1 A/", "5 C/"},
		},
		"bad item of a list": {
			"kind: List\nitems:\n- kind: A\n- 3\n- kind: C\n",
			"a.yaml:4: the number 3 where a Kubernetes object is expected", []string{"3 A/", "5 C/"},
		},
		"JSON with a comma too many": {
			"{\"kind\": \"A\"}\n{\"kind\": \"B\",\n}}\n",
			"a.yaml:3: not JSON: invalid character '}' looking for beginning of object key string", []string{"1 A/"},
		},
		"JSON cut short": {"{\"kind\": \"A\",\n", "a.yaml:2: not JSON: unexpected EOF", nil},
		"alias bomb":     {aliasBomb(), "a.yaml:1: document contains excessive aliasing", nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			objects, err := Read("a.yaml", strings.NewReader(tc.text))
			if err == nil {
				t.Fatalf("no error; objects %v", lines(objects))
			}
			if got := err.Error(); got != tc.want {
				t.Errorf("error:\n got %s\nwant %s", got, tc.want)
			}
			if diff := cmp.Diff(tc.rest, lines(objects)); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadRefusesHugeStreams(t *testing.T) {
	_, err := Read("a.yaml", strings.NewReader(strings.Repeat("# filler\n", maxBytes/9+1)))
	if want := "a.yaml: larger than 64 MiB"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func lines(objects []Object) []string {
	var got []string
	for _, o := range objects {
		got = append(got, fmt.Sprintf("%d %s", o.Line, o))
	}
	return got
}

// aliasBomb is a kilobyte of YAML that stands for a thousand million strings.
func aliasBomb() string {
	var b strings.Builder
	b.WriteString("kind: A\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := range 9 {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 10), ", "))
	}
	return b.String()
}

func utf16LE(text string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
		b.WriteByte(byte(unit))
		b.WriteByte(byte(unit >> 8))
	}
	return b.String()
}
