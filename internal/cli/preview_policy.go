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

// nameIt is what to do where the cluster does not tell its policy.
const nameIt = "name the policy in force with --against FILE"

// inForce are the policies that the cluster runs; nil, and reported, where one of them is wrong.
func (v *preview) inForce(ctx context.Context, c *console) ([]v1alpha1.File, error) {
	if v.against != "" {
		return c.policyFiles(v.against), nil
	}
	held, err := v.heldPolicy(ctx, nameIt)
	if err == nil && held == nil {
		return nil, fmt.Errorf("no Deployment with the label %q tells the policy in force; name it with --against FILE"+
			" (the built-in one is what kubectl polymoat policy default prints)", doctor.Label)
	}
	switch {
	case apierrors.IsForbidden(err):
		return nil, fmt.Errorf("%w; %s", err, nameIt)
	case err != nil:
		return nil, v.remedy(err)
	}
	return c.policiesOf(held)
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

// policiesOf loads the policies of a ConfigMap, and reports each mistake on a line of its own.
func (c *console) policiesOf(held *corev1.ConfigMap) ([]v1alpha1.File, error) {
	loaded, err := doctor.LoadPolicies(held)
	if err != nil {
		for mistake := range strings.SplitSeq(err.Error(), "\n") {
			c.fail(fmt.Errorf("%s", mistake))
		}
		return nil, nil
	}
	if len(loaded) == 0 {
		return nil, fmt.Errorf("the ConfigMap %q in namespace %q holds no .yaml, .yml or .json file; %s", held.Name, held.Namespace, nameIt)
	}
	return loaded, nil
}
