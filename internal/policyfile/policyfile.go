// Package policyfile reads the policies that a server is started with.
package policyfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// Read reads the policy in a file, or all that lie in a folder; the built-in one if path is empty. They are valid together. The
// error holds every mistake of every file.
func Read(path string) ([]v1alpha1.File, error) {
	texts, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("read the policy: %w", err)
	}
	var files []v1alpha1.File
	var errs []error
	for _, text := range texts {
		doc, err := v1alpha1.Load(text.name, text.data)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		files = append(files, v1alpha1.File{Name: text.name, Policy: doc})
	}
	if err := errors.Join(append(errs, v1alpha1.ValidateSet(files))...); err != nil {
		return nil, err
	}
	return files, nil
}

type text struct {
	name string
	data []byte
}

func read(path string) ([]text, error) {
	if path == "" {
		return []text{{"default.yaml", []byte(v1alpha1.DefaultYAML)}}, nil
	}
	names := []string{path}
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if info.IsDir() {
		if names, err = list(path); err != nil {
			return nil, err
		}
	}
	var texts []text
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
		texts = append(texts, text{name, data})
	}
	return texts, nil
}

// list is the policies of a folder. A mounted ConfigMap holds hidden folders beside them.
func list(dir string) ([]string, error) {
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
