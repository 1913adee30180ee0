package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/inventory"
)

// drafter are the flags of init.
type drafter struct {
	*input.Connection
	files   []string
	wishes  inventory.Wishes
	cluster inventory.Cluster
}

func newInit(c *console) *cobra.Command {
	d := new(drafter)
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Draft a policy from what the cluster has",
		Long: `Draft a policy: node pools from the labels and taints of nodes and of Karpenter's
NodePools, and a policy for each installation of Polyaxon. Comments say what was
found. What was not is assumed, and marked so. "policy validate --strict" accepts
the draft.

The nodes are those of the cluster, or those of files with -f: what kubectl prints
of nodes, nodepools, deployments, namespaces. Without both, flags say the rest.

A label of your own by which nodes are told (workload=system) comes before those
of clouds and before the roles of nodes. Nodes of the control plane do not count.
Nothing is written to the cluster.`,
		Example: `  # Draft a policy from the cluster, and check it
  kubectl polymoat init > policy.yaml
  kubectl polymoat policy validate --strict policy.yaml

  # Draft it from a file
  kubectl get nodes,deployments,namespaces -A -o yaml > cluster.yaml
  kubectl polymoat init -f cluster.yaml > policy.yaml

  # Say what the cluster does not
  kubectl polymoat init --pool-label workload --core system --release plx`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d.run(cmd.Context(), c)
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&d.files, "filename", "f", nil, "`file`, folder or - (standard input) that describes the cluster; repeatable")
	completeManifests(flags, "filename")
	flags.StringVar(&d.wishes.Release, "release", "", "`name` of Polyaxon's Helm release (default: as found)")
	flags.StringArrayVarP(&d.wishes.Namespaces, "namespace", "n", nil, "governed `namespace`; repeatable (default: as found)")
	flags.StringVar(&d.wishes.PoolLabel, "pool-label", "", "`key` of the label that tells node pools apart (default: as found)")
	flags.StringVar(&d.wishes.Core, "core", "", "`value` of that label on the nodes of Polyaxon itself (default: as found)")
	d.Connection = input.NewConnection(flags, nil)
	return cmd
}

func (d *drafter) run(ctx context.Context, c *console) {
	var err error
	if len(d.files) > 0 {
		d.readFiles(c)
	} else if _, err = d.Open(); errors.Is(err, input.ErrNoCluster) {
		c.Tell("note: %v; the draft is from the flags alone\n", err)
		err = nil
	} else if err == nil {
		err = d.Remedy(d.readCluster(ctx, c))
	}
	if err != nil {
		c.Fail(err)
	}
	if c.Code == exitClean {
		c.Print(inventory.Draft(d.cluster, d.wishes))
	}
}

func (d *drafter) readFiles(c *console) {
	for o := range c.Objects(d.files, false) {
		known, err := d.cluster.Add(o.Raw)
		switch {
		case err != nil:
			c.Fail(o.Errorf("%w", err))
		case !known:
			c.Tell("note: %s says nothing of a policy\n", o.Place())
		}
	}
}

// readCluster lists what a draft is made from. What may not be seen is noted, but for the nodes.
func (d *drafter) readCluster(ctx context.Context, c *console) error {
	err := d.Each(ctx, corev1.SchemeGroupVersion, "nodes", "", metav1.ListOptions{}, func(o runtime.Object) {
		d.cluster.Nodes = append(d.cluster.Nodes, *o.(*corev1.Node))
	})
	if err != nil {
		return err
	}
	for _, of := range []struct {
		gv       schema.GroupVersion
		resource string
		use      func(metav1.Object)
	}{
		{appsv1.SchemeGroupVersion, "deployments", d.addWorkload},
		{corev1.SchemeGroupVersion, "namespaces", func(o metav1.Object) {
			d.cluster.Namespaces = append(d.cluster.Namespaces, metav1.ObjectMeta{Name: o.GetName(), Annotations: o.GetAnnotations()})
		}},
		{schedulingv1.SchemeGroupVersion, "priorityclasses", func(o metav1.Object) {
			if !strings.HasPrefix(o.GetName(), "system-") {
				d.cluster.PriorityClasses = append(d.cluster.PriorityClasses, o.GetName())
			}
		}},
	} {
		err := d.Each(ctx, of.gv, of.resource, "", metav1.ListOptions{}, func(o runtime.Object) { of.use(o.(metav1.Object)) })
		if err := c.UnlessForbidden(err, of.resource+" are not known"); err != nil {
			return err
		}
	}
	return c.UnlessForbidden(d.readNodePools(ctx), "the NodePools of Karpenter are not known")
}

func (d *drafter) addWorkload(o metav1.Object) {
	meta := metav1.ObjectMeta{Name: o.GetName(), Namespace: o.GetNamespace(), Labels: o.GetLabels(), Annotations: o.GetAnnotations()}
	d.cluster.Workloads = append(d.cluster.Workloads, meta)
}

// readNodePools reads those of Karpenter, where the cluster has it.
func (d *drafter) readNodePools(ctx context.Context) error {
	client, err := d.Client(corev1.SchemeGroupVersion)
	if err != nil {
		return err
	}
	text, err := client.Get().AbsPath("/apis/karpenter.sh/v1/nodepools").SetHeader("Accept", "application/json").Do(ctx).Raw()
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	var list unstructured.UnstructuredList
	if err := json.Unmarshal(text, &list); err != nil {
		return fmt.Errorf("list nodepools: %w", err)
	}
	for _, item := range list.Items {
		if _, err := d.cluster.Add(item.Object); err != nil {
			return err
		}
	}
	return nil
}
