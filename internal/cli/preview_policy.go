package cli

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// Where an installation keeps its policy: a ConfigMap whose keys are the files of the server's policy folder.
const (
	policyNamespace = "polymoat-system"
	policyConfigMap = "polymoat-policy"
)

// inForce are the policies of the files that the flag names, without it those that the cluster runs; nil, and reported,
// where one of them is wrong.
func (n *connection) inForce(ctx context.Context, c *console, flag, path string) ([]v1alpha1.File, error) {
	if path != "" {
		return c.policyFiles(path), nil
	}
	client, err := n.client(corev1.SchemeGroupVersion)
	if err != nil {
		return nil, err
	}
	held := &corev1.ConfigMap{}
	err = client.Get().Namespace(policyNamespace).Resource("configmaps").Name(policyConfigMap).Do(ctx).Into(held)
	switch {
	case apierrors.IsNotFound(err):
		return nil, fmt.Errorf("no ConfigMap %q in namespace %q tells the policy in force; name it with --%s FILE"+
			" (the built-in one is what kubectl polymoat policy default prints)", policyConfigMap, policyNamespace, flag)
	case apierrors.IsForbidden(err):
		return nil, fmt.Errorf("%w; name the policy in force with --%s FILE", err, flag)
	case err != nil:
		return nil, n.remedy(err)
	}
	return c.policiesOf(held, flag)
}

// policiesOf loads the policies of a ConfigMap, in the order of their keys; the flag names others instead.
func (c *console) policiesOf(held *corev1.ConfigMap, flag string) ([]v1alpha1.File, error) {
	var loaded []v1alpha1.File
	failed := false
	for _, key := range slices.Sorted(maps.Keys(held.Data)) {
		if !slices.Contains(extensions, filepath.Ext(key)) {
			continue
		}
		name := fmt.Sprintf("configmap/%s[%s]", held.Name, key)
		p, err := v1alpha1.Load(name, []byte(held.Data[key]))
		if err != nil {
			c.fail(err)
			failed = true
			continue
		}
		loaded = append(loaded, v1alpha1.File{Name: name, Policy: p})
	}
	if failed {
		return nil, nil
	}
	if len(loaded) == 0 {
		return nil, fmt.Errorf("the ConfigMap %q in namespace %q holds no .yaml, .yml or .json file; name the policy in force with --%s FILE",
			held.Name, held.Namespace, flag)
	}
	return loaded, nil
}
