package native

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// variable is a named expression of a policy, and what it is.
type variable struct{ name, doc, text string }

// say fills a template: "<name>" is replaced by the word after the name.
func say(template string, words ...string) string {
	marked := make([]string, len(words))
	for i, w := range words {
		marked[i] = w
		if i%2 == 0 {
			marked[i] = "<" + w + ">"
		}
	}
	return strings.NewReplacer(marked...).Replace(template)
}

// lit is a value of JSON as a literal of CEL. Lists and maps whose elements differ in type hold dyn values.
func lit(v any) string {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // everything that is compiled was read from JSON
	}
	d := json.NewDecoder(&text)
	d.UseNumber()
	var plain any
	if err := d.Decode(&plain); err != nil {
		panic(err)
	}
	return literal(plain)
}

func literal(v any) string {
	switch v := v.(type) {
	case string:
		return quote(v)
	case []any:
		return "[" + joined(v, literal, !alike(v)) + "]"
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v))
		values := make([]any, len(keys))
		for i, k := range keys {
			values[i] = v[k]
		}
		mixed, parts := !alike(values), make([]string, len(keys))
		for i, k := range keys {
			parts[i] = quote(k) + ": " + wrapped(literal(values[i]), mixed)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case nil:
		return "null"
	}
	return fmt.Sprint(v) // a number or a boolean
}

func joined(list []any, of func(any) string, mixed bool) string {
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = wrapped(of(v), mixed)
	}
	return strings.Join(parts, ", ")
}

func wrapped(text string, mixed bool) string {
	if mixed {
		return "dyn(" + text + ")"
	}
	return text
}

// alike says whether all values are strings.
func alike(list []any) bool {
	return !slices.ContainsFunc(list, func(v any) bool { _, ok := v.(string); return !ok })
}

// quote is a string literal.
func quote(s string) string {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string can be encoded
	return strings.TrimSuffix(text.String(), "\n")
}

// either is an expression that holds where one of the others does.
func either(parts ...string) string { return chain(" ||\n", "false", parts) }

func chain(by, none string, parts []string) string {
	parts = slices.DeleteFunc(slices.Clone(parts), func(p string) bool { return p == "" })
	if len(parts) == 0 {
		return none
	}
	return strings.Join(parts, by)
}

// isOneOf is an expression that holds where a string is one of the list.
func isOneOf(what string, list []string) string {
	switch len(list) {
	case 0:
		return "false"
	case 1:
		return what + " == " + quote(list[0])
	}
	return what + " in " + lit(list)
}

var reference = regexp.MustCompile(`\bvariables\.(\w+)`)

// needed are those of the variables that the expressions name, and those that these name, in their order.
func needed(all []variable, expressions ...string) []variable {
	wanted := map[string]bool{}
	mark := func(text string) {
		for _, m := range reference.FindAllStringSubmatch(text, -1) {
			wanted[m[1]] = true
		}
	}
	for _, text := range expressions {
		mark(text)
	}
	for _, v := range slices.Backward(all) {
		if wanted[v.name] {
			mark(v.text)
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(v variable) bool { return !wanted[v.name] })
}

// each is what is made of each element, one after the other.
func each[T any](list []T, of func(T) string) string {
	var text strings.Builder
	for _, e := range list {
		text.WriteString(of(e))
	}
	return text.String()
}

// commented is an expression below a comment.
func commented(doc, text string) string {
	if doc == "" {
		return text
	}
	return "// " + doc + "\n" + text
}

// present is a map of those of the named optional values that there are. The optional entries of a map literal would do,
// but the API server's compiler breaks down over those whose type it does not know.
func present(names []string, values ...string) string {
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = say(`{"name": dyn(<name>), "value": dyn(<value>)}`, "name", quote(name), "value", values[i])
	}
	return "[" + strings.Join(parts, ",\n") + "].filter(e, e.value.hasValue()).transformMapEntry(i, e, {e.name: e.value.value()})"
}
