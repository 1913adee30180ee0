package cli

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/pager"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/doctor"
)

// system is the namespace of an installation, for those who may not look for it everywhere.
const system = "polymoat-system"

// deployment is polymoat's own in a namespace, or wherever it is; nil where there is none. choose says what to do where
// there is more than one.
func (n *connection) deployment(ctx context.Context, namespace, choose string) (*appsv1.Deployment, error) {
	var found []*appsv1.Deployment
	look := func(namespace string) error {
		return n.each(ctx, appsv1.SchemeGroupVersion, "deployments", namespace, metav1.ListOptions{LabelSelector: doctor.Label},
			func(o runtime.Object) { found = append(found, o.(*appsv1.Deployment)) })
	}
	err := look(namespace)
	if apierrors.IsForbidden(err) && namespace == "" {
		// Where it is not there, either, it may be anywhere.
		if again := look(system); again != nil || len(found) > 0 {
			err = again
		}
	}
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, nil
	case len(found) > 1:
		return nil, fmt.Errorf("polymoat is installed more than once: %s; %s", v1alpha1.Quoted(deploymentNames(found)), choose)
	}
	return found[0], nil
}

func deploymentNames(list []*appsv1.Deployment) []string {
	var names []string
	for _, d := range list {
		names = append(names, d.Namespace+"/"+d.Name)
	}
	return names
}

// get reads one object.
func (n *connection) get(ctx context.Context, gv schema.GroupVersion, resource, namespace, name string, into runtime.Object) error {
	client, err := n.client(gv)
	if err != nil {
		return err
	}
	return client.Get().NamespaceIfScoped(namespace, namespace != "").Resource(resource).Name(name).Do(ctx).Into(into)
}

// each hands every object of a resource to use, page by page; namespace is empty for all.
func (n *connection) each(
	ctx context.Context, gv schema.GroupVersion, resource, namespace string, o metav1.ListOptions, use func(runtime.Object),
) error {
	client, err := n.client(gv)
	if err != nil {
		return err
	}
	pages := pager.New(func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return client.Get().NamespaceIfScoped(namespace, namespace != "").Resource(resource).VersionedParams(&o, scheme.ParameterCodec).Do(ctx).Get()
	})
	pages.PageSize, pages.PageBufferSize = pageSize, 1 // one ahead: memory does not grow with the cluster
	one, stop := print.ProgressOf(ctx).Reading(resource)
	defer stop()
	err = pages.EachListItem(ctx, o, func(o runtime.Object) error {
		one()
		use(o)
		return nil
	})
	if err != nil && !apierrors.IsForbidden(err) {
		return fmt.Errorf("list %s: %w", resource, err)
	}
	return err
}
