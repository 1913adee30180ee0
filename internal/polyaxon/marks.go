package polyaxon

import (
	"maps"
	"slices"
)

// Marks are the tables behind Identify, Places and Commands, for those who say the same in another language. Maps lead from
// a value of a label to a role.
type Marks struct {
	Components, Kinds, Apps map[string]string
	Prefixes                []Prefix // of names of pods, in order
	Parts, Types            []string // values of app.kubernetes.io/part-of and type on Polyaxon's own pods
	Dependencies, Operators []string
	OwnComponents           []string
	Wrappers, Shells        []string // base names of programs
}

// Prefix is the begin of the names of classic pods of a role.
type Prefix struct{ Prefix, Role string }

// AllMarks is a copy of the tables.
func AllMarks() Marks {
	m := Marks{
		Components: maps.Clone(components), Kinds: maps.Clone(kinds), Apps: maps.Clone(apps),
		Parts: slices.Clone(ownParts), Types: slices.Clone(ownTypes),
		Dependencies: slices.Clone(dependencies), Operators: slices.Clone(operators), OwnComponents: slices.Clone(ownComponents),
		Wrappers: slices.Clone(wrappers), Shells: slices.Clone(shells),
	}
	for _, p := range prefixes {
		m.Prefixes = append(m.Prefixes, Prefix{p.prefix, p.role})
	}
	return m
}
