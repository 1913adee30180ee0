package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/polymoat/polymoat/internal/corpus"
)

// write makes the golden files of a case what came out, and returns the case with them. Each file is told of, and a case
// that changes sides most of all: somebody may have meant what is removed.
func (s *suite) write(tc corpus.Case, o corpus.Outcome) (corpus.Case, error) {
	goldens := []golden{{tc.Name + corpus.OutSuffix, tc.Out, o.Out}, {tc.Name + corpus.DenySuffix, tc.Deny, o.Deny}}
	if o.Out == "" {
		slices.Reverse(goldens) // what is new is there before what is old goes
	}
	var done []string
	for _, g := range goldens {
		verb, err := g.write(s.folder)
		if err != nil {
			return tc, err
		}
		if verb != "" {
			done = append(done, verb+" "+g.file)
		}
	}
	if len(done) > 0 {
		s.Print(fmt.Sprintf("--- UPDATE: %s: %s%s\n", tc.Name, flipped(tc, o), strings.Join(done, ", ")))
	}
	tc.Out, tc.Deny = o.Out, o.Deny
	return tc, nil
}

// golden is a golden file: what it says, and what it is to say; empty where there is none.
type golden struct{ file, was, is string }

// write says what it did: "wrote" or "removed"; nothing where the file is as it should be.
func (g golden) write(folder string) (string, error) {
	file := filepath.Join(folder, g.file)
	switch {
	case g.was == g.is:
		return "", nil
	case g.is == "":
		return "removed", os.Remove(file)
	default:
		return "wrote", os.WriteFile(file, []byte(g.is), 0o644)
	}
}

// flipped says whether a case was stored and is refused now, or the other way around.
func flipped(was corpus.Case, is corpus.Outcome) string {
	switch {
	case was.Out != "" && is.Deny != "":
		return "WAS STORED, IS REFUSED NOW: "
	case was.Deny != "" && is.Out != "":
		return "WAS REFUSED, IS STORED NOW: "
	}
	return ""
}
