package native

import (
	"fmt"
	"regexp"
	"strings"
)

// content are the variables about what a run contains: its main container, and the commands that it starts.
func (in *installation) content() []variable {
	dropped := say(`w.matches(<wrapper>) || w.contains("=") && (i > 0 || !w.startsWith("-")) || i > 0 && w.startsWith("-")`,
		"wrapper", raw(`(?s)^(.*/)?(bootstrap-[^/]*\.sh|`+alternatives(in.marks.Wrappers)+`)/*$`))
	return []variable{
		{"main", "the main container: by name since 1.0, else the first",
			`object.spec.containers.filter(c, c.name == "polyaxon-main")[?0].orValue(object.spec.containers[0])`},
		{"words", "the words of its command", `variables.main.?command.orValue([]) + variables.main.?args.orValue([])`},
		{"start", "which of them is the first after wrappers, their flags and assignments",
			say(`variables.words.transformList(i, w, !(<dropped>), i)[?0].orValue(variables.words.size())`, "dropped", dropped)},
		{"line", "the line that a shell runs, if that is what it starts",
			say(`variables.words.size() - variables.start >= 3 && variables.words[variables.start].matches(<shell>) ?
variables.words.transformList(i, w, i > variables.start && i < variables.words.size() - 1 && w.startsWith("-") && w.endsWith("c"),
  variables.words[i + 1])[?0] : optional.none()`, "shell", raw(`(?s)^(.*/)?(`+alternatives(in.marks.Shells)+`)/*$`))},
		{"commands", "the words of every command, and which of them is the first that counts",
			say(`!variables.line.hasValue() ? [{"words": dyn(variables.words), "start": dyn(variables.start)}] :
variables.line.value().replace("&&", "\n").replace("||", "\n").replace(";", "\n").replace("|", "\n").split("\n").map(l,
  l.findAll(<word>)).map(words, {"words": dyn(words), "start": dyn(words.transformList(i, w, !(<dropped>), i)[?0].orValue(words.size()))})`,
				"word", raw(`[^\s\v\x{85}\p{Z}]+`), "dropped", dropped)},
	}
}

// raw is a pattern as a literal.
func raw(pattern string) string {
	if strings.ContainsAny(pattern, "'\n") {
		return quote(pattern)
	}
	return "r'" + pattern + "'"
}

func literally(s string) string { return regexp.QuoteMeta(s) }

func alternatives(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = literally(w)
	}
	return strings.Join(quoted, "|")
}

// baseIs is a pattern for paths with that base name.
func baseIs(name string) string { return `(?s)^(.*/)?` + literally(name) + `/*$` }

// imageOf is a pattern for images whose repository ends in these path segments, whatever registry, tag and digest. What
// path.Match reads stands for the same here.
func imageOf(repository string) string {
	var text strings.Builder
	for pattern := []rune(repository); len(pattern) > 0; pattern = pattern[1:] {
		switch pattern[0] {
		case '*':
			text.WriteString(`[^/@]*`)
		case '?':
			text.WriteString(`[^/@]`)
		case '\\':
			pattern = pattern[1:]
			text.WriteString(exactly(pattern[0]))
		case '[':
			var class string
			class, pattern = classOf(pattern)
			text.WriteString(class)
		default:
			text.WriteString(literally(string(pattern[0])))
		}
	}
	return `(?s)^([^@]*/)?` + text.String() + `(:[^/@:]*)?(@.*)?$`
}

// classOf is the class of characters with which a valid pattern begins, and the pattern from its last bracket on.
func classOf(pattern []rune) (class string, rest []rune) {
	class, pattern = "[", pattern[1:]
	if pattern[0] == '^' {
		class, pattern = "[^", pattern[1:]
	}
	for ; pattern[0] != ']'; pattern = pattern[1:] {
		switch pattern[0] {
		case '-':
			class += "-"
			continue
		case '\\':
			pattern = pattern[1:]
		}
		class += exactly(pattern[0])
	}
	return class + "]", pattern
}

// exactly is a character that stands for itself wherever it is.
func exactly(r rune) string { return fmt.Sprintf(`\x{%x}`, r) }
