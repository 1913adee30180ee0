// Package corpus reads and decides golden cases: pods in, pods out, refusals. The project's own are in testdata, whose
// listing reads as the behaviour of the product; `kubectl polymoat test` does the same with an administrator's.
//
// A case is NAME.in.yaml, one pod as a mutating webhook receives it or one object with a pod template, with
// NAME.out.yaml, the pod as it is stored, or NAME.deny.txt, the sentence that a refused user reads. Comments at the top
// of the input say why the case exists and who asks:
//
//	# why: the user asks for core nodes in a polyaxonfile
//	# user: system:serviceaccount:kube-system:job-controller
//	# groups: system:nodes                       where they matter
//	# policy: two-pools                          policies/two-pools.yaml beside the case; the default one where absent
//	# role: jobs                                 the role that is expected; "none" out of scope
//	# today: 2026-11-23                          for exceptions, which end; none holds where the day is absent
//
// Warnings stand at the top of the stored pod ("# warning: ..."), and with them what is recorded without a word to the
// user: "# audited: ...", "# excused by EXCEPTION: ...", "# in shadow: FIELD".
//
// With NAME.old.yaml, the pod as it was before, the case is an update.
package corpus

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

//go:embed testdata
var files embed.FS

// The files of a case, after its name.
const (
	inSuffix   = ".in.yaml"
	oldSuffix  = ".old.yaml"
	OutSuffix  = ".out.yaml"
	DenySuffix = ".deny.txt"
)

// DefaultPolicy is the name of the policy of a case that names none. It is the built-in one for the project's own cases.
const DefaultPolicy = "default"

// Suite is a folder of cases.
type Suite struct {
	Cases []Case // by name
	// Strays are files that belong to no case, by name.
	Strays []string
}

// Case is one pod and what becomes of it.
type Case struct {
	Name, Why, Role string
	User            policy.UserInfo
	Today           v1alpha1.Day // zero where the case plays on no day
	PolicyName      string       // "two-pools", or DefaultPolicy
	In              string       // YAML of the pod, or of an object with one pod template
	Old             string       // YAML of the same before an update; empty where it is created
	Out             string       // YAML of the stored pod; empty when Deny is not
	Deny            string       // the sentence; empty when Out is not

	folder *folder // nil for testdata
}

// folder is where a suite lies, and its name for messages.
type folder struct {
	fs.FS
	name string
}

// Cases are the project's own cases, by name. The error names the file that is not well-formed.
func Cases() ([]Case, error) {
	suite, err := own().read()
	return suite.Cases, err
}

// Read reads the cases of a folder. The errors name the files that are not well-formed, after the folder's name; they do
// not hide the other cases.
func Read(name string, fsys fs.FS) (Suite, error) { return (&folder{fsys, name}).read() }

// own is the folder of the project's own cases.
func own() *folder {
	sub, err := fs.Sub(files, "testdata")
	if err != nil {
		panic(fmt.Sprintf("corpus: %v", err)) // only for a path that is not well-formed
	}
	return &folder{sub, "testdata"}
}

func (f *folder) read() (Suite, error) {
	entries, err := fs.ReadDir(f, ".")
	if err != nil {
		return Suite{}, fmt.Errorf("%s: %w", f.name, err)
	}
	var suite Suite
	var errs []error
	known := map[string]bool{}
	for _, entry := range entries {
		name, ok := strings.CutSuffix(entry.Name(), inSuffix)
		if !ok || entry.IsDir() {
			continue
		}
		for _, suffix := range []string{inSuffix, oldSuffix, OutSuffix, DenySuffix} {
			known[name+suffix] = true
		}
		c, err := f.readCase(name)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", path.Join(f.name, name+inSuffix), err))
			continue
		}
		suite.Cases = append(suite.Cases, c)
	}
	for _, entry := range entries {
		if !entry.IsDir() && !known[entry.Name()] && !isAside(entry.Name()) {
			suite.Strays = append(suite.Strays, entry.Name())
		}
	}
	return suite, errors.Join(errs...)
}

// isAside holds for files that are no part of a suite: what is hidden, and notes in Markdown.
func isAside(name string) bool { return strings.HasPrefix(name, ".") || path.Ext(name) == ".md" }

var header = regexp.MustCompile(`(?m)^# (why|user|groups|policy|role|today): (.+)$`)

func (f *folder) readCase(name string) (Case, error) {
	in, err := f.text(name + inSuffix)
	if err != nil {
		return Case{}, err
	}
	c := Case{Name: name, PolicyName: DefaultPolicy, In: string(in), folder: f}
	for _, m := range header.FindAllStringSubmatch(c.In, -1) {
		switch key, value := m[1], strings.TrimSpace(m[2]); key {
		case "why":
			c.Why = value
		case "user":
			c.User.Name = value
		case "groups":
			c.User.Groups = strings.Fields(value)
		case "policy":
			c.PolicyName = value
		case "role":
			c.Role = value
		case "today":
			today, err := time.Parse(time.DateOnly, value)
			if err != nil {
				return Case{}, fmt.Errorf(`"# today: %s" is not a date; write "# today: 2026-11-23"`, value)
			}
			c.Today = v1alpha1.DayOf(today)
		}
	}
	if c.Why == "" || c.Role == "" {
		return Case{}, errors.New(`the comments at the top must give "# why:" and "# role:"`)
	}
	for suffix, text := range map[string]*string{oldSuffix: &c.Old, OutSuffix: &c.Out, DenySuffix: &c.Deny} {
		if *text, err = f.optional(name + suffix); err != nil {
			return Case{}, err
		}
	}
	return c, nil
}

// text is the content of a file. A pipe would be waited for.
func (f *folder) text(name string) ([]byte, error) {
	info, err := fs.Stat(f.FS, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is neither a file nor a link to one", name)
	}
	return fs.ReadFile(f, name)
}

// optional is the content of a file, empty where there is none.
func (f *folder) optional(name string) (string, error) {
	b, err := f.text(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return string(b), nil
}
