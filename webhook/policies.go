package webhook

import (
	"fmt"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/policyfile"
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

// LoadPolicies reads and compiles the policy in a file, or all that lie in a folder; the built-in one if path is empty.
// The error holds every mistake of every file.
func LoadPolicies(path string) (*Policies, error) {
	files, err := policyfile.Read(path)
	if err != nil {
		return nil, err
	}
	loaded, docs := &Policies{files: files}, []*v1alpha1.PlacementPolicy{}
	for _, f := range files {
		loaded.documents = append(loaded.documents, policyDocument{f.Policy.Metadata.Name, f.Policy.Hash})
		docs = append(docs, f.Policy)
	}
	if loaded.compiled, err = policy.New(docs...); err != nil {
		return nil, fmt.Errorf("compile the policy: %w", err)
	}
	return loaded, nil
}
