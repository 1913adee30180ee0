package picture

import (
	"crypto/sha256"
	_ "embed" // the parts of the page
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"reflect"
	"strings"
	"time"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

//go:embed page.js
var pageJS string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"count": count, "number": number}).Parse(pageHTML))

// HTML writes the map as one page that needs nothing else: its style and its script stand in it, and its own policy
// forbids everything that comes from elsewhere. Without script it still shows what is wrong, and all numbers.
func HTML(w io.Writer, m *Map) error {
	style := pageStyle()
	sentence, alone := m.Summary()
	roles := newRoles(m)
	return pageTemplate.Execute(w, page{
		Policy:   "default-src 'none'; style-src " + hash(style) + "; script-src " + hash(pageJS) + "; base-uri 'none'; form-action 'none'",
		Style:    template.CSS(style),
		Script:   template.JS(pageJS),
		Map:      m,
		Sentence: sentence, Alone: alone,
		Taken:   m.Taken.UTC().Format("2 January 2006, 15:04 UTC"),
		Machine: m.Taken.UTC().Format(time.RFC3339),
		Nodes:   m.nodes(),
		Roles:   roles.list,
		Lists:   m.lists(),
		Pools:   columns(m, roles),
		Data:    newData(m, roles),
	})
}

// page is what the template shows.
type page struct {
	Policy         string
	Style          template.CSS
	Script         template.JS
	Map            *Map
	Sentence       string
	Alone          bool
	Taken, Machine string // when, for people and for machines
	Nodes          int
	Roles          []role
	Lists          []findings
	Pools          []column
	Data           data
}

// Pods counts all of them.
func (p page) Pods() int {
	pods := 0
	for _, r := range p.Roles {
		pods += r.Pods
	}
	return pods
}

// mostFindings bounds the lists of the page; in the drawing they are all marked.
const mostFindings = 100

// findings are the pods of one mark.
type findings struct {
	Mark  Mark
	Title string
	Found []Finding
	More  int // that are not among Found
}

// Sign stands for the mark in cells.
func (f findings) Sign() string { return f.Mark.sign() }

func (m *Map) lists() []findings {
	var lists []findings
	for _, l := range []findings{
		{Mark: Misplaced, Title: "May not be there"},
		{Mark: Unproven, Title: "Say that they are core, and nobody knows who created them"},
	} {
		l.Found = m.Findings(l.Mark)
		if l.More = len(l.Found) - mostFindings; l.More > 0 {
			l.Found = l.Found[:mostFindings]
		}
		if len(l.Found) > 0 {
			lists = append(lists, l)
		}
	}
	return lists
}

func (m *Map) nodes() int {
	nodes := 0
	for _, p := range m.Pools {
		nodes += len(p.Nodes)
	}
	return nodes
}

// hash is how a content security policy allows a text that stands in the page.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// pageStyle is the style sheet, its colours first.
func pageStyle() string {
	return "\n:root {\n" + variables(light, func(c colour) string { return c.Light }) + "}\n" +
		"@media screen and (prefers-color-scheme: dark) {\n:root {\n" + variables(dark, func(c colour) string { return c.Dark }) + "}\n}\n" + classes() + pageCSS
}

// variables are a scheme's colours as CSS variables.
func variables(s scheme, of func(colour) string) string {
	var css strings.Builder
	values := reflect.ValueOf(s)
	for i := range values.NumField() {
		fmt.Fprintf(&css, "--%s: %s;\n", strings.ToLower(values.Type().Field(i).Name), values.Field(i))
	}
	for i, c := range palette {
		fmt.Fprintf(&css, "--role-%d: %s;\n", i, of(c))
	}
	fmt.Fprintf(&css, "--role-none: %s;\n", of(noneColour))
	return css.String()
}

// classes give the cells of each role its colour.
func classes() string {
	var css strings.Builder
	css.WriteString(".role-none { --role: var(--role-none); }\n")
	for i := range palette {
		fmt.Fprintf(&css, ".role-%d { --role: var(--role-%d); }\n", i, i)
	}
	return css.String()
}
