package input

import (
	"fmt"
	"io"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/policy"
)

// PolicyFiles are the policies at path, or the built-in one where there is no path; nil, and reported, where any of
// them is wrong.
func (r Reader) PolicyFiles(path string) []v1alpha1.File {
	if path == "" {
		return []v1alpha1.File{{Name: "default.yaml", Policy: v1alpha1.Default()}}
	}
	return r.LoadPolicies([]string{path}, r.Fail)
}

// LoadPolicies loads policies from files and folders. It returns nil, and has had every mistake reported, where any of
// them is wrong.
func (r Reader) LoadPolicies(paths []string, fail func(error)) []v1alpha1.File {
	var loaded []v1alpha1.File
	failed := false
	report := func(err error) {
		fail(err)
		failed = true
	}
	for _, path := range paths {
		files, err := expand(path, false)
		if err == nil && len(files) == 0 {
			err = fmt.Errorf("no policy in the folder %q: it holds no .yaml, .yml or .json file", path)
		}
		if err != nil {
			report(err)
		}
		for _, file := range files {
			found, errs := r.loadPolicy(file)
			for _, err := range errs {
				report(err)
			}
			loaded = append(loaded, found...)
		}
	}
	if failed {
		return nil
	}
	return loaded
}

func (r Reader) loadPolicy(file string) ([]v1alpha1.File, []error) {
	in, err := r.Open(file)
	if err != nil {
		return nil, []error{err}
	}
	defer func() { _ = in.Close() }() // nothing was written
	data, err := io.ReadAll(in)
	if err != nil {
		return nil, []error{err}
	}
	return policiesIn(print.OneLine(file), data)
}

// Compile compiles policies together. It returns nil, and has reported why, where they contradict each other.
func (r Reader) Compile(files []v1alpha1.File) *policy.Policy {
	if files == nil {
		return nil
	}
	if err := v1alpha1.ValidateSet(files); err != nil {
		r.Fail(err)
		return nil
	}
	p, err := policy.New(Documents(files)...)
	if err != nil {
		r.Fail(err)
		return nil
	}
	return p
}

// Documents are the policies of files.
func Documents(files []v1alpha1.File) []*v1alpha1.PlacementPolicy {
	docs := make([]*v1alpha1.PlacementPolicy, len(files))
	for i, f := range files {
		docs[i] = f.Policy
	}
	return docs
}
