package cli

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/doctor"
)

// nameIt is what to do where the cluster does not tell its policy; the flag names it instead.
func nameIt(flag string) string { return fmt.Sprintf("name the policy in force with --%s FILE", flag) }

// inForce are the policies of the files that the flag names, without it those that the cluster runs; nil, and reported,
// where one of them is wrong.
func (n *connection) inForce(ctx context.Context, c *console, flag, path string) ([]v1alpha1.File, error) {
	if path != "" {
		return c.policyFiles(path), nil
	}
	held, err := n.heldPolicy(ctx, nameIt(flag))
	if err == nil && held == nil {
		return nil, fmt.Errorf("no Deployment with the label %q tells the policy in force; name it with --%s FILE"+
			" (the built-in one is what kubectl polymoat policy default prints)", doctor.Label, flag)
	}
	switch {
	case apierrors.IsForbidden(err):
		return nil, fmt.Errorf("%w; %s", err, nameIt(flag))
	case err != nil:
		return nil, n.remedy(err)
	}
	return c.tellPolicies(held, flag)
}

// heldPolicy is the ConfigMap that an installation mounts; nil where there is no installation. choose says what to do
// where the cluster does not tell.
func (n *connection) heldPolicy(ctx context.Context, choose string) (*corev1.ConfigMap, error) {
	d, err := n.deployment(ctx, "", choose)
	if err != nil || d == nil {
		return nil, err
	}
	name := doctor.PolicyMap(d.Spec.Template.Spec)
	if name == "" {
		return nil, fmt.Errorf("the Deployment %q in namespace %q has no volume \"policy\" with a ConfigMap; %s", d.Name, d.Namespace, choose)
	}
	held := &corev1.ConfigMap{}
	return held, n.get(ctx, corev1.SchemeGroupVersion, "configmaps", d.Namespace, name, held)
}

// policiesOf loads the policies of a ConfigMap, and reports each mistake on a line of its own. The flag names others
// instead.
func (c *console) policiesOf(held *corev1.ConfigMap, flag string) ([]v1alpha1.File, error) {
	loaded, err := doctor.LoadPolicies(held)
	if err != nil {
		for mistake := range strings.SplitSeq(err.Error(), "\n") {
			c.Fail(fmt.Errorf("%s", mistake))
		}
		return nil, nil
	}
	if len(loaded) == 0 {
		return nil, fmt.Errorf("the ConfigMap %q in namespace %q holds no .yaml, .yml or .json file; %s", held.Name, held.Namespace, nameIt(flag))
	}
	return loaded, nil
}
