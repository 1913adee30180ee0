package corpus

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	corev1 "k8s.io/api/core/v1"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/manifest"
	"github.com/polymoat/polymoat/internal/policy"
)

// Outcome is what a policy makes of a case, as the golden files say it.
type Outcome struct {
	Role, Why string // Role is "none" out of scope; Why is the signal that decided it
	Out       string // empty when Deny is not
	Deny      string // empty when Out is not
	// Again is what is wrong when the stored pod goes in once more; empty where it stays as it is, with the same answer.
	Again string
}

// Decide is what the policy makes of the case.
func (c Case) Decide(p *policy.Policy) (Outcome, error) {
	r, err := c.Request()
	if err != nil {
		return Outcome{}, err
	}
	d := p.Review(r)
	o := Outcome{Role: d.Role, Why: d.Why}
	if d.Verdict == policy.OutOfScope {
		o.Role = "none"
	}
	if d.Verdict == policy.Denied {
		o.Deny = d.Sentence(cmp.Or(r.Pod.Name, r.Pod.GenerateName)) + "\n"
	} else if o.Out, err = stored(cmp.Or(d.Pod, r.Pod), d); err != nil {
		return Outcome{}, err
	}
	r.Pod = cmp.Or(d.Pod, r.Pod)
	o.Again = again(p.Review(r), d)
	return o, nil
}

// stored is the pod as YAML, below its warnings.
func stored(pod *corev1.Pod, d policy.Decision) (string, error) {
	b, err := yaml.Marshal(pod)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	for _, w := range d.Warnings {
		text.WriteString("# warning: " + w + "\n")
	}
	for _, v := range d.Audited {
		text.WriteString("# audited: " + v.String() + "\n")
	}
	for _, v := range d.Excused {
		text.WriteString("# excused by " + d.Exception + ": " + v.String() + "\n")
	}
	if d.Shadow {
		for _, c := range d.Changes {
			text.WriteString("# in shadow: " + c.Path + "\n")
		}
	}
	return text.String() + strings.TrimSuffix(string(b), "status: {}\n"), nil
}

// again is what is wrong with the second decision, about the pod that came of the first: Mutate must leave it alone, and
// Validate must say the same of it.
func again(second, first policy.Decision) string {
	var wrong []string
	changes := second.Changes
	if second.Shadow { // nothing was placed
		changes = nil
	}
	for _, change := range changes {
		wrong = append(wrong, fmt.Sprintf("the stored pod is changed again: %s", change.Path))
	}
	if was, is := first.Sentence("x"), second.Sentence("x"); was != is {
		wrong = append(wrong, fmt.Sprintf("the stored pod is judged otherwise: %q, and first %q", is, was))
	}
	return strings.Join(wrong, "\n")
}

// Policy is the policy under which the case is decided.
func (c Case) Policy() (*policy.Policy, error) {
	if c.PolicyName == DefaultPolicy {
		return policy.New(v1alpha1.Default())
	}
	f := c.folder
	if f == nil {
		f = own()
	}
	file := path.Join("policies", c.PolicyName+".yaml")
	b, err := f.text(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("policy %q: %s does not exist", c.PolicyName, path.Join(f.name, file))
	}
	if err != nil {
		return nil, err
	}
	doc, err := v1alpha1.Load(path.Join(f.name, file), b)
	if err != nil {
		return nil, err
	}
	return policy.New(doc)
}

// Request is the case as a decision is asked for it. A pod template is asked for as its controller does, unless the case
// names a user. A field that our API version does not know is a mistake in the case.
func (c Case) Request() (policy.Request, error) {
	asked, pod, err := read(c.file(inSuffix), c.In)
	if err != nil {
		return policy.Request{}, err
	}
	user := c.User
	user.Name = cmp.Or(user.Name, asked.Creator)
	r := policy.Request{Namespace: cmp.Or(pod.Namespace, asked.Object.Namespace()), User: user, Pod: pod, Today: c.Today}
	if c.Old != "" {
		_, r.Old, err = read(c.file(oldSuffix), c.Old)
	}
	return r, err
}

// read is the one pod, or pod template, of a file.
func read(file, text string) (manifest.Pod, *corev1.Pod, error) {
	objects, err := manifest.Read(file, strings.NewReader(text))
	if err != nil {
		return manifest.Pod{}, nil, err
	}
	var pods []manifest.Pod
	for _, o := range objects {
		found, errs := manifest.Pods(o)
		if len(errs) > 0 {
			return manifest.Pod{}, nil, errors.Join(errs...)
		}
		pods = append(pods, found...)
	}
	if len(pods) != 1 {
		return manifest.Pod{}, nil, fmt.Errorf("%s: holds %d pods and pod templates; a case is one", file, len(pods))
	}
	raw, err := json.Marshal(pods[0].Raw)
	if err != nil {
		return manifest.Pod{}, nil, fmt.Errorf("%s: %w", file, err)
	}
	pod := &corev1.Pod{}
	strict, err := kjson.UnmarshalStrict(raw, pod)
	if err := errors.Join(append(strict, err)...); err != nil {
		return manifest.Pod{}, nil, fmt.Errorf("%s: %w; correct or remove it", file, err)
	}
	return pods[0], pod, nil
}

// file is the name of one of the case's files, for messages.
func (c Case) file(suffix string) string {
	name := c.Name + suffix
	if c.folder == nil {
		return name
	}
	return path.Join(c.folder.name, name)
}
