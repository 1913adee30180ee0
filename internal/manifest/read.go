package manifest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"golang.org/x/text/encoding/unicode"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/internal/template"
)

// maxBytes bounds one stream: several times what etcd takes for one object, times many objects.
const maxBytes = 64 << 20

// Read returns the objects of a stream of YAML documents, JSON objects or both; a List counts as its items. Documents
// that are empty or hold only comments are skipped. name is the file's name, for messages.
//
// A document that does not parse does not hide the others: Read then returns their objects and one error for each
// mistake (errors.Join), which begins with file and line.
func Read(name string, r io.Reader) ([]Object, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(data) > maxBytes {
		return nil, fmt.Errorf("%s: larger than %d MiB", name, maxBytes>>20)
	}
	data, err = utf8(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var objects []Object
	var errs []error
	for _, doc := range split(name, data) {
		found, err := doc.objects()
		objects = append(objects, found...)
		if err != nil {
			errs = append(errs, cmp.Or(doc.templated(), err))
		}
	}
	return objects, errors.Join(errs...)
}

// utf8 decodes UTF-16 where a byte order mark says so (what PowerShell writes for "kubectl get -o yaml > file"), and
// drops the marks that stand where one file was appended to another.
func utf8(data []byte) ([]byte, error) {
	if bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}) {
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(data)
	}
	const mark = "\ufeff"
	data = bytes.TrimPrefix(data, []byte(mark))
	return bytes.ReplaceAll(data, []byte("\n"+mark), []byte("\n")), nil
}

// objects decodes the document: one YAML value, or any number of JSON values.
func (d *document) objects() ([]Object, error) {
	if !isJSON(d.text) {
		return d.yaml()
	}
	objects, err := d.json()
	var syntax *syntaxError
	if !errors.As(err, &syntax) || len(objects) > 0 {
		return objects, err
	}
	if flow, yamlErr := d.yaml(); yamlErr == nil {
		return flow, nil
	}
	return objects, err
}

// syntaxError says that a text is no JSON; it may still be YAML.
type syntaxError struct{ error }

func (d *document) json() ([]Object, error) {
	var objects []Object
	var errs []error
	decoder := json.NewDecoder(bytes.NewReader(d.text))
	for {
		var raw json.RawMessage
		err := decoder.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return objects, errors.Join(errs...)
		}
		if err != nil {
			line := d.lineAt(jsonOffset(err))
			return objects, &syntaxError{fmt.Errorf("%s:%d: not JSON: %w", d.file, line, err)}
		}
		start := int(decoder.InputOffset()) - len(raw)
		part := &document{file: d.file, line: d.lineAt(start), text: raw}
		found, err := part.decode(raw)
		objects = append(objects, found...)
		if err != nil {
			errs = append(errs, err)
		}
	}
}

// jsonOffset is where in its input a decoder stopped with an error.
func jsonOffset(err error) int {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return int(syntax.Offset)
	}
	return math.MaxInt // cut short
}

func (d *document) yaml() ([]Object, error) {
	// Strict refuses duplicate keys, of which one would be lost. The library bounds what aliases may expand to.
	text, err := yaml.YAMLToJSONStrict(d.text)
	if err != nil {
		return nil, d.yamlError(err)
	}
	if err := d.parse(); err != nil {
		return nil, d.yamlError(err)
	}
	return d.decode(text)
}

// decode turns one JSON value into objects: none for null, the items of a List, else the one that it is.
func (d *document) decode(text []byte) ([]Object, error) {
	var value any
	if err := utiljson.Unmarshal(text, &value); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", d.file, d.line, err)
	}
	if value == nil {
		return nil, nil
	}
	return d.flatten(value, "", nil)
}

// flatten returns the objects at one place of the document. kind is what an item of a PodList may leave out.
func (d *document) flatten(value any, kind string, at []any) ([]Object, error) {
	line := d.lineOf(at)
	raw, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s:%d: %s where a Kubernetes object is expected", d.file, line, template.Describe(value))
	}
	if raw["kind"] == nil && kind != "" {
		raw["kind"] = kind
	}
	o := Object{File: d.file, Line: line, Raw: raw, doc: d, at: at}
	if o.Kind() == "" {
		return nil, fmt.Errorf("%s:%d: not a Kubernetes object: it has no kind", d.file, line)
	}
	itemKind, isList := strings.CutSuffix(o.Kind(), "List")
	items, hasItems := raw["items"].([]any)
	if !isList || !hasItems {
		return []Object{o}, nil
	}
	return d.items(items, itemKind, at)
}

func (d *document) items(items []any, kind string, at []any) ([]Object, error) {
	var objects []Object
	var errs []error
	for i, item := range items {
		found, err := d.flatten(item, kind, append(slices.Clip(at), "items", i))
		objects = append(objects, found...)
		if err != nil {
			errs = append(errs, err)
		}
	}
	return objects, errors.Join(errs...)
}
