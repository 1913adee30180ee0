package input

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/doctor"
)

// AboutPolicy is the part of the help on where a policy comes from.
const AboutPolicy = `The policy is what --policy names, else the one in force in the cluster that
kubectl would reach, else the built-in one. The first line on standard error says
which, where a cluster was asked.`

// PolicyUsage is the help of the flag.
const PolicyUsage = "policy `file`, or folder of policies (default: the cluster's, else the built-in one)"

// patience is how long a command about files waits for a cluster that it does not need.
const patience = 5 * time.Second

// Governing are the policies by which a command decides: those of the files at path; without a path those in force in the
// cluster; without a cluster, or without polymoat in it, the built-in one. It returns nil, and has reported why, where
// the cluster does not tell.
func (n *Connection) Governing(r Reader, path string) []v1alpha1.File {
	if path != "" {
		return r.PolicyFiles(path)
	}
	files, err := n.told(context.Background(), r)
	if err != nil {
		r.Fail(err)
	}
	return files
}

// GoverningFiles is Governing for pods of files. If no flag names the cluster, and it does not tell, the built-in policy counts.
func (n *Connection) GoverningFiles(r Reader, path string) []v1alpha1.File {
	if path != "" || n.used() != nil {
		return n.Governing(r, path)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	files, err := n.told(ctx, r)
	if err != nil {
		r.Tell("policy: the built-in one; the one in force is not known: %v\n", err)
		return r.PolicyFiles("")
	}
	return files
}

// told are the policies in force, and the built-in one where there are none; it says which they are. They are nil, and
// reported, where one of them is wrong.
func (n *Connection) told(ctx context.Context, r Reader) ([]v1alpha1.File, error) {
	if _, err := n.Open(); errors.Is(err, ErrNoCluster) {
		return r.PolicyFiles(""), nil
	}
	held, err := n.Readable(ctx)
	switch {
	case err != nil:
		return nil, err
	case held == nil:
		return n.BuiltIn(r), nil
	}
	return r.TellPolicies(held, "policy")
}

// BuiltIn is the policy of a cluster without polymoat; it says so.
func (n *Connection) BuiltIn(r Reader) []v1alpha1.File {
	r.Tell("policy: the built-in one; the cluster at %s has no polymoat\n", n.Host())
	return r.PolicyFiles("")
}

// TellPolicies is PoliciesOf, and says which they are.
func (r Reader) TellPolicies(held *corev1.ConfigMap, flag string) ([]v1alpha1.File, error) {
	files, err := r.PoliciesOf(held, flag)
	if len(files) > 0 {
		r.Tell("policy: %s, in force: %s\n", policyNames(files), PlaceOfPolicy(held))
	}
	return files, err
}

// Readable is HeldPolicy, whose error says which right to ask for.
func (n *Connection) Readable(ctx context.Context) (*corev1.ConfigMap, error) {
	held, err := n.heldPolicy(ctx, NameIt("policy"))
	if apierrors.IsForbidden(err) {
		return nil, fmt.Errorf("%w; ask for ClusterRole polymoat-view in the namespace of polymoat, or %s", err, NameIt("policy"))
	}
	if err != nil {
		return nil, n.Remedy(err)
	}
	return held, nil
}

// PlaceOfPolicy names the ConfigMap that holds policies.
func PlaceOfPolicy(held *corev1.ConfigMap) string {
	return fmt.Sprintf("ConfigMap %q in namespace %q", held.Name, held.Namespace)
}

func policyNames(files []v1alpha1.File) string {
	var names []string
	for _, f := range files {
		names = append(names, f.Policy.Metadata.Name)
	}
	return v1alpha1.Quoted(names)
}

// NameIt is what to do where the cluster does not tell its policy; the flag names it instead.
func NameIt(flag string) string { return fmt.Sprintf("name the policy in force with --%s FILE", flag) }

// InForce are the policies of the files that the flag names, without it those that the cluster runs; nil, and reported,
// where one of them is wrong.
func (n *Connection) InForce(ctx context.Context, r Reader, flag, path string) ([]v1alpha1.File, error) {
	if path != "" {
		return r.PolicyFiles(path), nil
	}
	held, err := n.HeldPolicy(ctx, NameIt(flag))
	if err != nil {
		return nil, err
	}
	if held == nil {
		return nil, fmt.Errorf("no Deployment with the label %q tells the policy in force; name it with --%s FILE"+
			" (the built-in one is what kubectl polymoat policy default prints)", doctor.Label, flag)
	}
	return r.TellPolicies(held, flag)
}

// HeldPolicy is the ConfigMap that an installation mounts; nil where there is no installation. choose says what to do
// where the cluster does not tell.
func (n *Connection) HeldPolicy(ctx context.Context, choose string) (*corev1.ConfigMap, error) {
	held, err := n.heldPolicy(ctx, choose)
	if apierrors.IsForbidden(err) {
		return nil, fmt.Errorf("%w; %s", err, choose)
	}
	return held, n.Remedy(err)
}

func (n *Connection) heldPolicy(ctx context.Context, choose string) (*corev1.ConfigMap, error) {
	d, err := n.Deployment(ctx, "", choose)
	if err != nil || d == nil {
		return nil, err
	}
	name := doctor.PolicyMap(d.Spec.Template.Spec)
	if name == "" {
		return nil, fmt.Errorf("the Deployment %q in namespace %q has no volume \"policy\" with a ConfigMap; %s", d.Name, d.Namespace, choose)
	}
	held := &corev1.ConfigMap{}
	return held, n.Get(ctx, corev1.SchemeGroupVersion, "configmaps", d.Namespace, name, held)
}

// PoliciesOf loads the policies of a ConfigMap, and reports each mistake on a line of its own. The flag names others
// instead.
func (r Reader) PoliciesOf(held *corev1.ConfigMap, flag string) ([]v1alpha1.File, error) {
	loaded, err := doctor.LoadPolicies(held)
	if err != nil {
		for mistake := range strings.SplitSeq(err.Error(), "\n") {
			r.Fail(fmt.Errorf("%s", mistake))
		}
		return nil, nil
	}
	if len(loaded) == 0 {
		return nil, fmt.Errorf("the ConfigMap %q in namespace %q holds no .yaml, .yml or .json file; %s", held.Name, held.Namespace, NameIt(flag))
	}
	return loaded, nil
}
