package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/doctor"
)

// aboutPolicy is the part of the help on where a policy comes from.
const aboutPolicy = `The policy is what --policy names, else the one in force in the cluster that
kubectl would reach, else the built-in one. The first line on standard error says
which, where a cluster was asked.`

// policyUsage is the help of the flag.
const policyUsage = "policy `file`, or folder of policies (default: the cluster's, else the built-in one)"

// patience is how long a command about files waits for a cluster that it does not need.
const patience = 5 * time.Second

// governing are the policies by which a command decides: those of the files at path; without a path those in force in the
// cluster; without a cluster, or without polymoat in it, the built-in one. It returns nil, and has reported why, where
// the cluster does not tell.
func (n *connection) governing(c *console, path string) []v1alpha1.File {
	if path != "" {
		return c.policyFiles(path)
	}
	files, err := n.told(context.Background(), c)
	if err != nil {
		c.Fail(err)
	}
	return files
}

// governingFiles is governing for pods of files. If no flag names the cluster, and it does not tell, the built-in policy counts.
func (n *connection) governingFiles(c *console, path string) []v1alpha1.File {
	if path != "" || n.used() != nil {
		return n.governing(c, path)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	files, err := n.told(ctx, c)
	if err != nil {
		c.Tell("policy: the built-in one; the one in force is not known: %v\n", err)
		return c.policyFiles("")
	}
	return files
}

// told are the policies in force, and the built-in one where there are none; it says which they are. They are nil, and
// reported, where one of them is wrong.
func (n *connection) told(ctx context.Context, c *console) ([]v1alpha1.File, error) {
	if _, err := n.open(); errors.Is(err, errNoCluster) {
		return c.policyFiles(""), nil
	}
	held, err := n.readable(ctx)
	switch {
	case err != nil:
		return nil, err
	case held == nil:
		return n.builtIn(c), nil
	}
	return c.tellPolicies(held, "policy")
}

// builtIn is the policy of a cluster without polymoat; it says so.
func (n *connection) builtIn(c *console) []v1alpha1.File {
	c.Tell("policy: the built-in one; the cluster at %s has no polymoat\n", n.host())
	return c.policyFiles("")
}

// tellPolicies is policiesOf, and says which they are.
func (c *console) tellPolicies(held *corev1.ConfigMap, flag string) ([]v1alpha1.File, error) {
	files, err := c.policiesOf(held, flag)
	if len(files) > 0 {
		c.Tell("policy: %s, in force: %s\n", policyNames(files), placeOfPolicy(held))
	}
	return files, err
}

// readable is heldPolicy, whose error says what to do.
func (n *connection) readable(ctx context.Context) (*corev1.ConfigMap, error) {
	held, err := n.heldPolicy(ctx, nameIt("policy"))
	if apierrors.IsForbidden(err) {
		return nil, fmt.Errorf("%w; ask for ClusterRole polymoat-view in the namespace of polymoat, or %s", err, nameIt("policy"))
	}
	if err != nil {
		return nil, n.remedy(err)
	}
	return held, nil
}

func placeOfPolicy(held *corev1.ConfigMap) string {
	return fmt.Sprintf("ConfigMap %q in namespace %q", held.Name, held.Namespace)
}

func policyNames(files []v1alpha1.File) string {
	var names []string
	for _, f := range files {
		names = append(names, f.Policy.Metadata.Name)
	}
	return v1alpha1.Quoted(names)
}

// errNoPolymoat says that there is no policy in force to show.
var errNoPolymoat = fmt.Errorf("no Deployment with the label %q tells the policy in force;"+
	" kubectl polymoat policy default prints the built-in one", doctor.Label)
