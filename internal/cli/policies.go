package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/policy"
)

// compilePolicy compiles the policies at path, or the built-in one where there is no path. It returns nil, and has
// reported why, where any of them is wrong.
func (c *console) compilePolicy(path string) *policy.Policy { return c.compile(c.policyFiles(path)) }

// policyFiles are the policies at path, or the built-in one where there is no path; nil, and reported, where any of
// them is wrong.
func (c *console) policyFiles(path string) []v1alpha1.File {
	if path == "" {
		return []v1alpha1.File{{Name: "default.yaml", Policy: v1alpha1.Default()}}
	}
	return c.loadPolicies([]string{path}, c.Fail)
}

// loadPolicies loads policies from files and folders. It returns nil, and has had every mistake reported, where any of
// them is wrong.
func (c *console) loadPolicies(paths []string, fail func(error)) []v1alpha1.File {
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
			found, errs := c.loadPolicy(file)
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

func (c *console) loadPolicy(file string) ([]v1alpha1.File, []error) {
	var data []byte
	var err error
	if file == stdin {
		data, err = io.ReadAll(c.In)
	} else {
		data, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, []error{err}
	}
	return policiesIn(print.OneLine(file), data)
}

// compile compiles policies together. It returns nil, and has reported why, where they contradict each other.
func (c *console) compile(files []v1alpha1.File) *policy.Policy {
	if files == nil {
		return nil
	}
	if err := v1alpha1.ValidateSet(files); err != nil {
		c.Fail(err)
		return nil
	}
	docs := make([]*v1alpha1.PlacementPolicy, len(files))
	for i, f := range files {
		docs[i] = f.Policy
	}
	p, err := policy.New(docs...)
	if err != nil {
		c.Fail(err)
		return nil
	}
	return p
}
