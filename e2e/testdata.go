package e2e

import (
	"embed"
	"fmt"
	"path"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/polymoat/polymoat/e2e/cluster"
)

//go:embed testdata
var testdata embed.FS

// document is a file of testdata: an object below comments. The first comment is prose, the others are "key: value".
type document struct {
	name   string // v2.16-job
	prose  string
	fields map[string]string
	object *unstructured.Unstructured
}

// readDocuments reads the YAML files of a folder of testdata, sorted by name.
func readDocuments(folder string) ([]document, error) {
	entries, err := testdata.ReadDir(path.Join("testdata", folder))
	if err != nil {
		return nil, err
	}
	var documents []document
	for _, entry := range entries {
		name, ok := strings.CutSuffix(entry.Name(), ".yaml")
		if !ok {
			continue
		}
		d, err := readDocument(folder, name)
		if err != nil {
			return nil, fmt.Errorf("testdata/%s/%s: %w", folder, entry.Name(), err)
		}
		documents = append(documents, d)
	}
	return documents, nil
}

func readDocument(folder, name string) (document, error) {
	text, err := testdata.ReadFile(path.Join("testdata", folder, name+".yaml"))
	if err != nil {
		return document{}, err
	}
	objects, err := cluster.Decode(string(text))
	if err != nil {
		return document{}, err
	}
	if len(objects) != 1 {
		return document{}, fmt.Errorf("%d objects, want one", len(objects))
	}
	d := document{name: name, fields: map[string]string{}, object: objects[0]}
	for line := range strings.Lines(string(text)) {
		comment, ok := strings.CutPrefix(strings.TrimSpace(line), "# ")
		if !ok {
			return d, nil
		}
		if key, value, ok := strings.Cut(comment, ": "); ok && d.prose != "" {
			d.fields[key] = value
		} else {
			d.prose = comment
		}
	}
	return d, nil
}
