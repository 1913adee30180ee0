package input

import (
	"context"
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/pager"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/doctor"
	"github.com/polymoat/polymoat/internal/policy"
)

// system is the namespace of an installation, for those who may not look for it everywhere.
const system = "polymoat-system"

// Deployment is polymoat's own in a namespace, or wherever it is; nil where there is none. choose says what to do where
// there is more than one.
func (n *Connection) Deployment(ctx context.Context, namespace, choose string) (*appsv1.Deployment, error) {
	var found []*appsv1.Deployment
	look := func(namespace string) error {
		return n.Each(ctx, appsv1.SchemeGroupVersion, "deployments", namespace, metav1.ListOptions{LabelSelector: doctor.Label},
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

// Get reads one object.
func (n *Connection) Get(ctx context.Context, gv schema.GroupVersion, resource, namespace, name string, into runtime.Object) error {
	client, err := n.Client(gv)
	if err != nil {
		return err
	}
	return client.Get().NamespaceIfScoped(namespace, namespace != "").Resource(resource).Name(name).Do(ctx).Into(into)
}

// Each hands every object of a resource to use, page by page; namespace is empty for all.
func (n *Connection) Each(
	ctx context.Context, gv schema.GroupVersion, resource, namespace string, o metav1.ListOptions, use func(runtime.Object),
) error {
	client, err := n.Client(gv)
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

// CoreWorkloads are the workloads of a namespace that are core: nil where that is not known, and not where there are none.
func (n *Connection) CoreWorkloads(ctx context.Context, p *policy.Policy, namespace string) ([]policy.CoreWorkload, error) {
	core := []policy.CoreWorkload{}
	for _, of := range policy.LiveResources {
		err := n.Each(ctx, of.GroupVersion(), of.Resource, namespace, metav1.ListOptions{}, func(o runtime.Object) {
			live, _ := policy.Live(o)
			if w, ok := p.CoreWorkload(live); ok {
				core = append(core, w)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return core, nil
}

// Listed are the objects of a resource that our own scheme does not know, as JSON values, in the first version that is served.
func (n *Connection) Listed(ctx context.Context, resource string, versions []schema.GroupVersion) ([]map[string]any, error) {
	client, err := n.Client(corev1.SchemeGroupVersion)
	if err != nil {
		return nil, err
	}
	var text []byte
	for _, gv := range versions {
		text, err = client.Get().AbsPath("/apis", gv.Group, gv.Version, resource).SetHeader("Accept", "application/json").Do(ctx).Raw()
		if !apierrors.IsNotFound(err) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	var list unstructured.UnstructuredList
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("list %s: %w", resource, err)
	}
	var objects []map[string]any
	for _, item := range list.Items {
		objects = append(objects, item.Object)
	}
	return objects, nil
}
