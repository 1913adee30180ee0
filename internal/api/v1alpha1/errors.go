package v1alpha1

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// InvalidError is everything that is wrong with a policy. It prints one mistake per line:
//
//	policy.yaml:14: spec.roles[2].nodePool: unknown field; did you mean "nodePools"?
type InvalidError struct {
	// File is the name that was given to Load; empty for what is wrong between files.
	File string
	// Errors are the mistakes, by line, then by field. A mistake of the whole document has no field.
	Errors field.ErrorList
	// Lines are the lines of Errors in the file, counted from 1; 0 where a mistake has none.
	Lines []int
	// Doubts are what is to be said of the rest of the policy, as in PlacementPolicy.
	Doubts []string
}

func newInvalidError(file string, doc *document) *InvalidError {
	errs := slices.Clone(doc.errs)
	slices.SortStableFunc(errs, func(a, b *field.Error) int {
		return cmp.Or(cmp.Compare(doc.line(a.Field), doc.line(b.Field)),
			strings.Compare(a.Field, b.Field), strings.Compare(a.Detail, b.Detail))
	})
	errs = slices.CompactFunc(errs, func(a, b *field.Error) bool { return a.Field == b.Field && a.Detail == b.Detail })
	lines := make([]int, len(errs))
	for i, e := range errs {
		lines[i] = doc.line(e.Field)
	}
	return &InvalidError{File: file, Errors: errs, Lines: lines}
}

// Error is all mistakes, one per line.
func (e *InvalidError) Error() string { return strings.Join(e.messages(), "\n") }

func (e *InvalidError) messages() []string {
	lines := make([]string, len(e.Errors))
	for i := range e.Errors {
		lines[i] = e.message(i)
	}
	return lines
}

// Unwrap gives errors.As the single mistakes.
func (e *InvalidError) Unwrap() []error {
	errs := make([]error, len(e.Errors))
	for i, err := range e.Errors {
		errs[i] = err
	}
	return errs
}

// message is one mistake with its place.
func (e *InvalidError) message(i int) string {
	var place []string
	switch {
	case e.File != "" && e.Lines[i] > 0:
		place = append(place, e.File+":"+strconv.Itoa(e.Lines[i]))
	case e.File != "":
		place = append(place, e.File)
	}
	if e.Errors[i].Field != "" {
		place = append(place, e.Errors[i].Field)
	}
	return strings.Join(append(place, Sentence(e.Errors[i])), ": ")
}

// Sentence quotes the value, where there is one to quote, and goes on with what is wrong with it.
func Sentence(e *field.Error) string {
	switch value := e.BadValue.(type) {
	case nil, field.OmitValueType:
		return e.Detail
	case string:
		return fmt.Sprintf("%q %s", value, e.Detail)
	default:
		text, err := json.Marshal(value)
		if err != nil || string(text) == "null" {
			return e.Detail
		}
		return fmt.Sprintf("%s %s", text, e.Detail)
	}
}

// invalid says what is wrong with a value. The detail goes on after the quoted value: "is not a DNS label".
func invalid(path *field.Path, value any, format string, args ...any) *field.Error {
	return field.Invalid(path, value, fmt.Sprintf(format, args...))
}

// missing says what to write where nothing is.
func missing(path *field.Path, format string, args ...any) *field.Error {
	e := field.Required(path, fmt.Sprintf(format, args...))
	e.BadValue = field.OmitValueType{}
	return e
}

// forbidden says why a field may not be set here.
func forbidden(path *field.Path, format string, args ...any) *field.Error {
	e := field.Forbidden(path, fmt.Sprintf(format, args...))
	e.BadValue = field.OmitValueType{}
	return e
}
