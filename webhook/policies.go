package webhook

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

// Policies are the policies that a server is started with. They never change while it runs.
type Policies struct {
	compiled  *policy.Policy
	documents []policyDocument
	files     []v1alpha1.File
}

// policyDocument is a policy as logs and metrics name it.
type policyDocument struct {
	Name string `json:"name"` // metadata.name: "polyaxon"
	Hash string `json:"hash"` // the first 12 hexadecimal digits of the SHA-256 of its text
}

// LoadPolicies reads the policy in a file, or all that lie in a folder; the built-in one if path is empty. The error
// holds every mistake of every file.
func LoadPolicies(path string) (*Policies, error) {
	texts, err := readPolicies(path)
	if err != nil {
		return nil, fmt.Errorf("read the policy: %w", err)
	}
	loaded, docs, errs := &Policies{}, []*v1alpha1.PlacementPolicy{}, []error{}
	for _, text := range texts {
		doc, err := v1alpha1.Load(text.name, text.data)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		loaded.documents = append(loaded.documents, policyDocument{doc.Metadata.Name, doc.Hash})
		docs, loaded.files = append(docs, doc), append(loaded.files, v1alpha1.File{Name: text.name, Policy: doc})
	}
	if err := errors.Join(append(errs, v1alpha1.ValidateSet(loaded.files))...); err != nil {
		return nil, err
	}
	loaded.compiled, err = policy.New(docs...)
	if err != nil {
		return nil, fmt.Errorf("compile the policy: %w", err)
	}
	return loaded, nil
}

type policyText struct {
	name string
	data []byte
}

func readPolicies(path string) ([]policyText, error) {
	if path == "" {
		return []policyText{{"default.yaml", []byte(v1alpha1.DefaultYAML)}}, nil
	}
	names := []string{path}
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if info.IsDir() {
		if names, err = policyFiles(path); err != nil {
			return nil, err
		}
	}
	var texts []policyText
	for _, name := range names {
		info, err := os.Stat(name) // a link counts as what it leads to
		if err != nil {
			return nil, err
		}
		if name != path && !info.Mode().IsRegular() { // a pipe would be waited for
			return nil, fmt.Errorf("%s is neither a file nor a link to one; take it out of the folder", name)
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		texts = append(texts, policyText{name, data})
	}
	return texts, nil
}

// policyFiles lists the policies of a folder. A mounted ConfigMap holds hidden folders beside them.
func policyFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		known := slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(e.Name()))
		if known && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, filepath.Join(dir, e.Name()))
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s holds no file that ends in .yaml, .yml or .json", dir)
	}
	return names, nil
}
