package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/corpus"
	"github.com/polymoat/polymoat/internal/policy"
)

// suite is one folder under test.
type suite struct {
	*console
	*tester
	asked    *regexp.Regexp // names of cases
	folder   string
	policies map[string]*policy.Policy // by the names that cases give; nil where one does not load
	ran      int                       // cases
	failed   int                       // failures: cases, stray files, and what could not be read
	report   print.Suite               // printed with -o junit in place of text
}

// test runs the cases and says at the end how many failed.
func (s *suite) test() {
	start := time.Now()
	found, err := readSuite(s.folder)
	if err != nil {
		s.wrong(s.folder, err)
	}
	for _, tc := range found.Cases {
		if s.asked.MatchString(tc.Name) {
			s.ran++
			s.testCase(tc)
		}
	}
	if s.run == "" { // who asks for some cases does not ask for the rest
		for _, file := range found.Strays {
			s.failure(file, corpus.Stray(file))
		}
	}
	if s.ran == 0 && s.failed == 0 {
		s.wrong(s.folder, s.nothing(len(found.Cases)))
	}
	if s.output == "text" {
		s.summary(time.Since(start))
	}
}

func readSuite(folder string) (corpus.Suite, error) {
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return corpus.Suite{}, fmt.Errorf("the path %q does not exist", folder)
	case err != nil:
		return corpus.Suite{}, err
	case !info.IsDir():
		return corpus.Suite{}, fmt.Errorf("%q is a file; name the folder of cases that holds it", folder)
	}
	return corpus.Read(folder, os.DirFS(folder))
}

// nothing is the error of a suite of which no case was run.
func (s *suite) nothing(cases int) error {
	if cases == 0 {
		return fmt.Errorf("no cases in the folder %q: it holds no NAME.in.yaml", s.folder)
	}
	return fmt.Errorf("no case in the folder %q matches --run %q", s.folder, s.run)
}

func (s *suite) testCase(tc corpus.Case) {
	p := s.policyOf(tc)
	if p == nil {
		s.failed++
		s.report.Add(print.Case{Name: tc.Name, Error: &print.Reason{Message: fmt.Sprintf("policy %q does not load", tc.PolicyName)}})
		return
	}
	outcome, err := tc.Decide(p)
	if err != nil {
		s.wrong(tc.Name, err)
		return
	}
	if s.update {
		if tc, err = s.write(tc, outcome); err != nil {
			s.wrong(tc.Name, err)
			return
		}
	}
	problems := tc.Problems(outcome)
	if len(problems) > 0 {
		s.failure(tc.Name, problems...)
		return
	}
	s.report.Add(print.Case{Name: tc.Name})
	if s.verbose && s.output == "text" {
		s.Print(s.Styles.Green.Sprintf("--- PASS: %s", tc.Name) + "\n")
	}
}

// policyOf is the policy of a case; nil where it does not load, which is reported once.
func (s *suite) policyOf(tc corpus.Case) *policy.Policy {
	p, loaded := s.policies[tc.PolicyName]
	if loaded {
		return p
	}
	p, err := tc.Policy()
	if err != nil {
		s.Fail(err)
	}
	s.policies[tc.PolicyName] = p
	return p
}

// wrong reports what could not be tested.
func (s *suite) wrong(name string, err error) {
	s.failed++
	s.Fail(err)
	s.report.Add(print.Case{Name: name, Error: &print.Reason{Message: err.Error()}})
}

// failure shows what is wrong with a case or a file.
func (s *suite) failure(name string, problems ...string) {
	s.failed++
	s.Exit(exitDiffer)
	s.report.Add(print.Case{Name: name, Failure: &print.Reason{Message: "it does not come out as its golden file says", Text: strings.Join(problems, "\n")}})
	if s.output != "text" {
		return
	}
	s.Print(s.Styles.Red.Sprintf("--- FAIL: %s", name) + "\n")
	for _, problem := range problems {
		for line := range strings.Lines(s.Styles.Diff(problem)) {
			s.Print("    " + line)
		}
	}
}

func (s *suite) summary(took time.Duration) {
	word, counts := s.Styles.Green.Sprint("ok  "), count(s.ran, "case")
	if s.failed > 0 {
		word, counts = s.Styles.Red.Sprint("FAIL"), counts+", "+count(s.failed, "failure")
	}
	s.Print(fmt.Sprintf("%s  %s  %s  %.2fs\n", word, s.folder, counts, took.Seconds()))
}

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
