package v1alpha1

import (
	"crypto/sha256"
	_ "embed" // for DefaultYAML
	"encoding/hex"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// DefaultYAML is the text of the built-in policy, comments included.
//
//go:embed default.yaml
var DefaultYAML string

// Default returns the built-in policy, loaded. Every call returns a fresh copy.
func Default() *PlacementPolicy {
	p, err := Load("default.yaml", []byte(DefaultYAML))
	if err != nil {
		panic(fmt.Sprintf("v1alpha1: the embedded policy does not load: %v", err)) // TestDefault holds it
	}
	return p
}

// Load decodes one policy from YAML or JSON, fills in the defaults and validates it. Name is the file's, for messages.
// The error is an *InvalidError with every mistake but those that come of others: a field of the wrong type is not said
// to be missing as well.
func Load(name string, data []byte) (*PlacementPolicy, error) {
	doc, p := decode(data)
	if p != nil {
		p.setDefaults()
		content := append(doc.missingValues(p), p.validate()...)
		doc.errs = append(doc.errs, slices.DeleteFunc(content, doc.follows)...)
	}
	if len(doc.errs) > 0 {
		err := newInvalidError(name, doc)
		if p != nil {
			err.Doubts = doc.doubts(name, p)
		}
		return nil, err
	}
	sum := sha256.Sum256(data)
	p.Hash = hex.EncodeToString(sum[:])[:12]
	p.Doubts = doc.doubts(name, p)
	return p, nil
}

// doubts are the warnings of a policy, without those that come of its mistakes.
func (d *document) doubts(name string, p *PlacementPolicy) []string {
	doubts := slices.DeleteFunc(p.Spec.doubts(), func(doubt *field.Error) bool {
		return d.follows(doubt) || slices.ContainsFunc(d.errs, func(e *field.Error) bool { return e.Field == doubt.Field })
	})
	return newInvalidError(name, &document{lines: d.lines, errs: doubts}).messages()
}

// File is a loaded policy and the name of the file that it came from.
type File struct {
	Name   string
	Policy *PlacementPolicy
}

// ValidateSet finds what is wrong between policies that are loaded together: two with one name, one governed namespace in
// two, or a node label that one protects and another does not. The error is an *InvalidError; its messages name both files.
func ValidateSet(files []File) error {
	var errs field.ErrorList
	names, namespaces := map[string]File{}, map[string]File{}
	for _, f := range files {
		path := field.NewPath("metadata", "name")
		errs = append(errs, claim(names, path, f.Policy.Metadata.Name, f, "names the policies in %s and %s; rename one")...)
		for i, ns := range f.Policy.Spec.Namespaces {
			path := field.NewPath("spec", "namespaces").Index(i)
			errs = append(errs, claim(namespaces, path, ns, f, "is governed by both %s and %s; a namespace belongs to one policy")...)
		}
	}
	errs = append(errs, unprotected(files)...)
	if len(errs) == 0 {
		return nil
	}
	return newInvalidError("", &document{errs: errs})
}

// claim gives the value to the file, unless another file has it already. The format takes both files.
func claim(owners map[string]File, path *field.Path, value string, f File, format string) field.ErrorList {
	owner, taken := owners[value]
	if !taken {
		owners[value] = f
		return nil
	}
	return field.ErrorList{invalid(path, value, format, owner, f)}
}

// String is the file as messages name it: `a.yaml (policy "polyaxon")`.
func (f File) String() string { return fmt.Sprintf("%s (policy %q)", f.Name, f.Policy.Metadata.Name) }
