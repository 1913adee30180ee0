package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/manifest"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/template"
)

// inputs are the flags and arguments of every command that reads pods.
type inputs struct {
	files     []string
	recursive bool
	live      input.Live
	namespace string
	policy    string
	as        string
	groups    []string
}

// aboutInputs is the part of the help that these commands share.
const aboutInputs = `Files hold YAML or JSON: Pods, and every kind that carries a pod template, such
as Deployments, Jobs, the Kubeflow, Ray and Dask kinds and Polyaxon's own, and
polyaxonfiles of Polyaxon 0.x to 2.x. A
template is judged as the pod that its controller makes of it. A Pod is judged
as if nobody who is trusted created it; --as names a user. Who RBAC trusts
with core is not known here: without --as, a claim of core is a warning.

` + input.AboutPolicy + `

` + input.AboutLive

// addFilesTo adds the flags that say what to read: all of those that where knows.
func (in *inputs) addFilesTo(flags *pflag.FlagSet) {
	flags.StringArrayVarP(&in.files, "filename", "f", nil, "`file`, folder or - (standard input) to read; repeatable")
	flags.BoolVarP(&in.recursive, "recursive", "R", false, "read the folders inside folders, too")
	flags.StringVar(&in.policy, "policy", "", input.PolicyUsage)
	completeManifests(flags, "filename")
	completeManifests(flags, "policy")
	in.live.AddTo(flags, &in.namespace)
}

func (in *inputs) addTo(flags *pflag.FlagSet) {
	in.addFilesTo(flags)
	flags.StringVarP(&in.namespace, "namespace", "n", "", "`namespace` of live objects (default: the context's), and of objects without one\nin files (default \"default\")")
	flags.StringVar(&in.as, "as", "", "`user` who creates all the pods")
	flags.StringArrayVar(&in.groups, "as-group", nil, "`group` of that user; repeatable")
}

// validate finds what is wrong with the flags together.
func (in *inputs) validate() error {
	if len(in.groups) > 0 && in.as == "" {
		return errors.New("--as-group needs a user; name one with --as")
	}
	if err := in.live.Validate(len(in.files) > 0, in.namespace); err != nil {
		return err
	}
	if len(in.files) == 0 && len(in.live.Names) == 0 {
		return errors.New("nothing to read; name files, folders or - with -f, or objects of a cluster, such as pod/NAME")
	}
	return nil
}

// review is one pod and what the policy decides about it.
type review struct {
	pod       manifest.Pod
	namespace string
	decision  policy.Decision
}

// reviews decides about every pod of the input files and shows each, in order. What cannot be read is reported and
// does not keep the rest from being shown. An object without a pod is passed to skipped.
func (in *inputs) reviews(c *console, show func(review), skipped func(manifest.Object)) {
	p := c.Compile(in.policies(c))
	if p == nil {
		return
	}
	known := in.facts(c)
	in.eachPod(c, skipped, func(pod manifest.Pod) error {
		r, err := in.review(p, pod, known)
		if err == nil {
			show(r)
		}
		return err
	})
}

// policies are those by which the pods are judged.
func (in *inputs) policies(c *console) []v1alpha1.File {
	if len(in.live.Names) > 0 {
		return in.live.Governing(c.Reader, in.policy)
	}
	return in.live.GoverningFiles(c.Reader, in.policy)
}

// facts are those of the cluster from which the pods come; nil where they come from files.
func (in *inputs) facts(c *console) *input.Facts {
	if len(in.live.Names) == 0 {
		return nil
	}
	return input.NewFacts(in.live.Connection, c.Reader)
}

// eachPod hands every pod that was named to use, in order. An error of use is about the object, and reported once for
// all of its pods.
func (in *inputs) eachPod(c *console, skipped func(manifest.Object), use func(manifest.Pod) error) {
	used, objects := 0, c.Objects(in.files, in.recursive)
	if len(in.live.Names) > 0 {
		objects = in.live.Objects(c.Reader)
	}
	for o := range objects {
		for _, pod := range podsIn(c.Console, o, skipped) {
			if err := use(pod); err != nil {
				c.Fail(err)
				break
			}
			used++
		}
	}
	if used == 0 && c.Code == exitClean {
		c.Fail(fmt.Errorf("no pods or pod templates in %s", in.where()))
	}
}

// where says in messages what was read.
func (in *inputs) where() string {
	if len(in.live.Names) > 0 {
		return in.live.Where()
	}
	return strings.Join(in.files, ", ")
}

// podsIn finds the pods of an object and reports those that are malformed.
func podsIn(c *print.Console, o manifest.Object, skipped func(manifest.Object)) []manifest.Pod {
	pods, errs := manifest.Pods(o)
	if len(pods) == 0 && len(errs) == 0 {
		skipped(o)
	}
	for _, err := range errs {
		c.Fail(err)
	}
	for _, warning := range manifest.Unknown(o) {
		c.Tell("warning: %s\n", warning)
	}
	for i, pod := range pods {
		if len(pod.Unknown) > 0 && (i == 0 || !slices.Equal(pods[i-1].Unknown, pod.Unknown)) {
			c.Tell("note: %s: what comes from elsewhere is not known: %s\n", o.Place(), strings.Join(pod.Unknown, ", "))
		}
		if o.Live() && pod.Path == "" {
			pods[i].Creator = template.CreatorOf(pod.Pod.OwnerReferences)
		}
	}
	return pods
}

// review decides about one pod.
func (in *inputs) review(p *policy.Policy, pod manifest.Pod, known *input.Facts) (review, error) {
	own := pod.Object.Namespace()
	if own != "" && in.namespace != "" && own != in.namespace {
		return review{}, pod.Object.Errorf("the namespace from the provided object %q does not match the namespace %q; pass '--namespace=%s'",
			own, in.namespace, own)
	}
	namespace := cmp.Or(own, in.namespace, "default")
	if own+in.namespace == "" && pod.Names != nil {
		namespace = p.Namespaces()[0] // a polyaxonfile runs where Polyaxon is
	}
	r := policy.Request{Namespace: namespace, User: in.user(pod), Pod: pod.Pod, Owner: pod.Owner, Today: v1alpha1.DayOf(time.Now())}
	if r.User.Name == "" {
		r.Trust = policy.TrustUnknown
	}
	d, err := known.Decide(p, r)
	if err != nil {
		return review{}, pod.Object.Errorf("%w", err)
	}
	if d.Verdict == policy.OutOfScope && d.Policy == "" && own == "" {
		d.Why += "; name another with --namespace"
	}
	return review{pod: pod, namespace: namespace, decision: d}, nil
}

// user is who creates the pod.
func (in *inputs) user(pod manifest.Pod) policy.UserInfo {
	return policy.UserNamed(cmp.Or(in.as, pod.Creator), in.groups...)
}
