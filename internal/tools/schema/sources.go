package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
)

// sources are what the types do not know of themselves, by full name.
type sources struct {
	comments map[string]string // of types, and of fields: "main.Values.Replicas"
	enums    map[string][]any  // the constants of a named string type, in their order
}

// packages are those whose types the values are made of, in the words of go list.
var packages = []string{
	".",
	"github.com/polymoat/polymoat/internal/api/v1alpha1",
	"k8s.io/api/core/v1",
	"k8s.io/api/rbac/v1",
	"k8s.io/apimachinery/pkg/apis/meta/v1",
}

func readSources() (sources, error) {
	s := sources{comments: map[string]string{}, enums: map[string][]any{}}
	for _, pkg := range packages {
		out, err := exec.Command("go", "list", "-f", "{{.Dir}}", pkg).Output()
		if err != nil {
			return s, fmt.Errorf("go list %s: %w", pkg, err)
		}
		files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "*.go"))
		if err != nil {
			return s, err
		}
		if pkg == "." {
			pkg = reflect.TypeFor[Values]().PkgPath()
		}
		for _, name := range files {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return s, err
			}
			s.read(pkg, file)
		}
	}
	return s, nil
}

// read takes what the declarations of a file say.
func (s sources) read(pkg string, file *ast.File) {
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range group.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				s.readType(pkg+"."+spec.Name.Name, group.Doc.Text(), spec)
			case *ast.ValueSpec:
				s.readConstant(pkg, spec)
			}
		}
	}
}

func (s sources) readType(name, doc string, spec *ast.TypeSpec) {
	fields, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	s.comments[name+"."] = doc
	for _, field := range fields.Fields.List {
		for _, id := range field.Names {
			s.comments[name+"."+id.Name] = field.Doc.Text()
		}
	}
}

// readConstant keeps a string constant of a named type of the same package.
func (s sources) readConstant(pkg string, spec *ast.ValueSpec) {
	typ, ok := spec.Type.(*ast.Ident)
	if !ok || typ.Name == "string" || len(spec.Values) != 1 {
		return
	}
	literal, ok := spec.Values[0].(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return
	}
	if value, err := strconv.Unquote(literal.Value); err == nil && value != "" {
		s.enums[pkg+"."+typ.Name] = append(s.enums[pkg+"."+typ.Name], value)
	}
}
