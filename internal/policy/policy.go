package policy

import "github.com/polymoat/polymoat/internal/api/v1alpha1"

// Policy decides where Polyaxon pods run. It is immutable and safe for concurrent use.
type Policy struct{}

// New compiles policy documents, one Polyaxon installation each.
func New(docs ...*v1alpha1.PlacementPolicy) (*Policy, error) { return &Policy{}, nil }

// Namespaces are the governed namespaces of all documents, sorted.
func (p *Policy) Namespaces() []string { return nil }

// Mutate returns the pod as it should be stored. It never refuses: Validate does.
func (p *Policy) Mutate(r Request) Decision { return Decision{} }

// Validate judges the pod as it is, whoever wrote it: every rule runs.
func (p *Policy) Validate(r Request) Decision { return Decision{} }

// Review is Mutate, then Validate of what came of it, in one decision: what an API server would answer in the end.
func (p *Policy) Review(r Request) Decision { return Decision{} }
