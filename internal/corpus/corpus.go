// Package corpus holds the golden cases: pods in, pods out, refusals. It is imported by tests only, and one listing of
// testdata reads as the behaviour of the product.
//
// A case is NAME.in.yaml, one pod as a mutating webhook receives it, with NAME.out.yaml, the pod as it is stored, or
// NAME.deny.txt, the sentence that a refused user reads. Comments at the top of the input say why the case exists and
// who asks:
//
//	# why: the user asks for core nodes in a polyaxonfile
//	# user: system:serviceaccount:kube-system:job-controller
//	# groups: system:nodes                       where they matter
//	# policy: two-pools                          testdata/policies/two-pools.yaml; the built-in one where absent
//	# role: jobs                                 the role that is expected; "none" out of scope
package corpus

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

//go:embed testdata
var files embed.FS

// Case is one pod and what becomes of it.
type Case struct {
	Name, Why, Role string
	User            policy.UserInfo
	PolicyName      string // "default" for the built-in policy
	In              string // YAML of the pod
	Out             string // YAML of the stored pod; empty when Deny is not
	Deny            string // the sentence; empty when Out is not
}

// Cases are all cases, by name. The error names the file that is not well-formed.
func Cases() ([]Case, error) {
	inputs, err := fs.Glob(files, "testdata/*.in.yaml")
	if err != nil {
		return nil, err
	}
	cases := make([]Case, 0, len(inputs))
	for _, file := range inputs {
		c, err := read(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		cases = append(cases, c)
	}
	return cases, nil
}

var header = regexp.MustCompile(`(?m)^# (why|user|groups|policy|role): (.+)$`)

func read(file string) (Case, error) {
	in, err := fs.ReadFile(files, file)
	if err != nil {
		return Case{}, err
	}
	stem := strings.TrimSuffix(file, ".in.yaml")
	c := Case{Name: path.Base(stem), PolicyName: "default", In: string(in)}
	for _, m := range header.FindAllStringSubmatch(c.In, -1) {
		switch key, value := m[1], m[2]; key {
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
		}
	}
	if c.Why == "" || c.Role == "" {
		return Case{}, fmt.Errorf(`the comments at the top must give "# why:" and "# role:"`)
	}
	c.Out, c.Deny = text(stem+".out.yaml"), text(stem+".deny.txt")
	return c, nil
}

// text is the content of a file, empty where there is none.
func text(file string) string {
	b, err := fs.ReadFile(files, file)
	if err != nil {
		return ""
	}
	return string(b)
}

// Policy is the policy under which the case is decided.
func (c Case) Policy() (*policy.Policy, error) {
	if c.PolicyName == "default" {
		return policy.New(v1alpha1.Default())
	}
	file := "testdata/policies/" + c.PolicyName + ".yaml"
	b, err := fs.ReadFile(files, file)
	if err != nil {
		return nil, err
	}
	doc, err := v1alpha1.Load(file, b)
	if err != nil {
		return nil, err
	}
	return policy.New(doc)
}

// Request is the case as a decision is asked for it.
func (c Case) Request() (policy.Request, error) {
	pod := &corev1.Pod{}
	if err := yaml.UnmarshalStrict([]byte(c.In), pod); err != nil {
		return policy.Request{}, err
	}
	return policy.Request{Namespace: pod.Namespace, User: c.User, Pod: pod}, nil
}
