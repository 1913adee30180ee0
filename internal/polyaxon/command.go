package polyaxon

import (
	"iter"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
)

// mostWords is how many words of a command, and how many of its arguments, are looked at.
const mostWords = 4096

// Commands are the command lines of the pod's main container, found once and only if they are asked for.
func Commands(pod *corev1.Pod) func() [][]string {
	return sync.OnceValue(func() [][]string {
		main := Main(pod)
		if main == nil {
			return nil
		}
		return commandLines(main)
	})
}

// commandLines are the simple commands that a container starts, as words: the words after wrappers (tini, exec, the
// bootstrap script of Polyaxon's sandbox), and each command of a shell line. It is no shell: it serves to choose a
// node pool, where a wrong guess costs a wrong pool.
func commandLines(c *corev1.Container) [][]string {
	words := slices.Concat(c.Command[:min(len(c.Command), mostWords)], c.Args[:min(len(c.Args), mostWords)])
	words = unwrap(words)
	line, ok := shellLine(words)
	if !ok {
		return [][]string{words}
	}
	const most = 64 << 10 // a script beyond that is no command line
	separators := strings.NewReplacer("&&", "\n", "||", "\n", ";", "\n", "|", "\n")
	var lines [][]string
	for command := range strings.Lines(separators.Replace(line[:min(len(line), most)])) {
		if words := unwrap(strings.Fields(command)); len(words) > 0 {
			lines = append(lines, words)
		}
	}
	return lines
}

// shells run the word after -c.
var shells = []string{"sh", "bash", "dash", "ash", "zsh"}

func shellLine(words []string) (line string, ok bool) {
	if len(words) < 3 || !slices.Contains(shells, path.Base(words[0])) {
		return "", false
	}
	for i, w := range words[1 : len(words)-1] {
		if strings.HasPrefix(w, "-") && strings.HasSuffix(w, "c") {
			return words[i+2], true
		}
	}
	return "", false
}

// wrappers start the words that follow them.
var wrappers = []string{"tini", "dumb-init", "exec", "env", "nohup", "start.sh"}

// unwrap drops wrappers, their flags and variable assignments from the front.
func unwrap(words []string) []string {
	for len(words) > 0 && wraps(words[0]) {
		words = words[1:]
		for len(words) > 0 && (strings.HasPrefix(words[0], "-") || strings.Contains(words[0], "=")) {
			words = words[1:]
		}
	}
	return words
}

func wraps(word string) bool {
	base := path.Base(word)
	bootstrap := strings.HasPrefix(base, "bootstrap-") && strings.HasSuffix(base, ".sh") // polyaxon 2.16 sandbox and ssh
	assignment := strings.Contains(word, "=") && !strings.HasPrefix(word, "-")
	return bootstrap || assignment || slices.Contains(wrappers, base)
}

// programIs says whether one of the commands runs that program, "python -m program" included.
func programIs(lines [][]string, program string) bool {
	return slices.ContainsFunc(lines, func(words []string) bool {
		if len(words) == 0 {
			return false
		}
		if len(words) > 2 && strings.HasPrefix(path.Base(words[0]), "python") && words[1] == "-m" {
			module, _, _ := strings.Cut(words[2], ".")
			return module == program
		}
		return path.Base(words[0]) == program
	})
}

// argBegins says whether a word after the program begins with prefix.
func argBegins(lines [][]string, prefix string) bool {
	return slices.ContainsFunc(lines, func(words []string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(strings.Trim(w, `"'`), prefix) })
	})
}

// sorted ranges over a map in the order of its keys.
func sorted(m map[string]string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		if len(m) == 0 {
			return
		}
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}
