package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/native"
	"github.com/polymoat/polymoat/internal/preview"
)

// previewing are the flags of the command preview.
type previewing struct {
	*input.Connection
	policy, against, namespace, output string
}

func newPreview(c *console) *cobra.Command {
	v := &previewing{output: "text"}
	cmd := &cobra.Command{
		Use:   "preview --policy FILE",
		Short: "Say what a new policy would change for the pods that run",
		Long: `Say which pods that run now would be refused, moved to another node pool, changed
or left without a node under a new policy, had they to be created again, and
which would come under polymoat or be governed no longer. Only what differs from
the policy in force is listed. Nothing is written to the cluster.

The policy in force is that of the ConfigMap which polymoat's own Deployment
mounts, or what --against names.

A pod that runs carries what the policy in force gave it. So that this is not
taken for its own wish, it is judged by the template of its ReplicaSet, Job,
StatefulSet or ReplicationController. Any other pod is judged by itself, without
all that the policy in force would give it anyway: had it asked for the very
same, that cannot be told. A pod is created by its controller; one without is
created by nobody who is trusted.

Where the native twin is installed, the text also says which of its policies
change.

The exit code is 1 where anything differs.`,
		Example: `  # What would a new policy change in one namespace?
  kubectl polymoat preview --policy new.yaml --against old.yaml -n polyaxon

  # List the pods that would be refused
  kubectl polymoat preview --policy new.yaml -o json |
    jq -r 'select(.effect == "refused") | .new.sentence'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return v.run(cmd.Context(), c) },
	}
	flags := cmd.Flags()
	flags.StringVar(&v.policy, "policy", "", "new policy `file`, or folder of policies")
	flags.StringVar(&v.against, "against", "", "policy `file` or folder in force (default: the cluster's ConfigMap)")
	flags.StringVarP(&v.namespace, "namespace", "n", "", "`namespace` to look at (default: all that either policy governs)")
	flags.StringVarP(&v.output, "output", "o", v.output, "`format`: text or json (a line for each pod)")
	v.Connection = input.NewConnection(flags, nil)
	return cmd
}

func (v *previewing) run(ctx context.Context, c *console) error {
	if v.policy == "" {
		return errors.New("nothing to preview; name the new policy with --policy")
	}
	if v.output != "text" && v.output != "json" {
		return fmt.Errorf("unknown output format %q; use text or json", v.output)
	}
	current, revised, err := v.sides(ctx, c)
	if err != nil {
		c.Fail(err)
	}
	if current.Policy == nil || revised.Policy == nil {
		return nil
	}
	namespaces, err := v.namespaces(current, revised)
	if err != nil {
		c.Fail(err)
		return nil
	}
	found, err := v.Survey(ctx, c.Reader, namespaces)
	if err != nil {
		c.Fail(v.Remedy(err))
		return nil
	}
	outcomes := preview.Compare(found, current, revised, v1alpha1.DayOf(time.Now()))
	if len(outcomes) > 0 {
		c.Exit(exitDiffer)
	}
	if v.output == "json" {
		return list(c, v.output, outcomes)
	}
	printPreview(c.Console, outcomes, len(found.Pods))
	if err := v.twin(ctx, c, current, revised); err != nil {
		c.Fail(v.Remedy(err))
	}
	return nil
}

// sides are the policy in force and the new one. One that is wrong is reported, and missing.
func (v *previewing) sides(ctx context.Context, c *console) (current, revised preview.Policies, err error) {
	if revised = compiled(c.Reader, c.PolicyFiles(v.policy)); revised.Policy == nil {
		return current, revised, nil
	}
	files, err := v.InForce(ctx, c.Reader, "against", v.against)
	if err != nil {
		return current, revised, err
	}
	return compiled(c.Reader, files), revised, nil
}

func compiled(r input.Reader, files []v1alpha1.File) preview.Policies {
	return preview.Policies{Policy: r.Compile(files), Files: files}
}

// namespaces are those to look at: the one that was named, else all that either policy governs.
func (v *previewing) namespaces(current, revised preview.Policies) ([]string, error) {
	governed := map[string]bool{}
	for _, name := range slices.Concat(current.Namespaces(), revised.Namespaces()) {
		governed[name] = true
	}
	all := slices.Sorted(maps.Keys(governed))
	switch {
	case v.namespace == "":
		return all, nil
	case !governed[v.namespace]:
		return nil, fmt.Errorf("namespace %q is governed by neither policy; name one of %s", v.namespace, v1alpha1.Quoted(all))
	}
	return []string{v.namespace}, nil
}

// twin prints what the new policy changes in the native twin, where the cluster has one. It cannot see a static twin,
// which is a file of the API servers.
func (v *previewing) twin(ctx context.Context, c *console, current, revised preview.Policies) error {
	there := false
	err := v.Each(ctx, admissionv1.SchemeGroupVersion, "mutatingadmissionpolicies", "", metav1.ListOptions{}, func(o runtime.Object) {
		there = there || o.(metav1.Object).GetAnnotations()[native.HashAnnotation] != ""
	})
	if apierrors.IsNotFound(err) { // before Kubernetes 1.36
		return nil
	}
	if err := c.UnlessForbidden(err, "whether the native twin is installed is not known"); err != nil || !there {
		return err
	}
	if errs := native.Check(input.Documents(revised.Files)...); len(errs) > 0 {
		c.Print("Native twin: it cannot be written for the new policy.\n")
		for _, err := range errs {
			c.Print(fmt.Sprintf("  %v\n", err))
		}
		c.Exit(exitDiffer)
		return nil
	}
	list := native.Changes(native.Compile(input.Documents(current.Files)...), native.Compile(input.Documents(revised.Files)...))
	if len(list) == 0 {
		c.Print("Native twin: nothing changes.\n")
		return nil
	}
	c.Print("Native twin: these of its policies change.\n")
	for _, change := range list {
		c.Print("  " + changeText(change) + "\n")
	}
	c.Print("Once the new policy is in force, install it again:\n  kubectl polymoat native --in-force | kubectl apply -f -\n")
	c.Exit(exitDiffer)
	return nil
}
