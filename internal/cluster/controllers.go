package cluster

import (
	"context"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/validate/content"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilcache "k8s.io/apimachinery/pkg/util/cache"
	"k8s.io/client-go/metadata"

	"github.com/polymoat/polymoat/internal/polyaxon"
	"github.com/polymoat/polymoat/internal/template"
)

const (
	// mostSteps is how far is climbed. Three controllers stand above a pod (ReplicaSet, Deployment, Operation), rarely
	// four; references that somebody forged may lead round in a circle.
	mostSteps = 8
	// climbTimeout bounds the way to the top.
	climbTimeout = 5 * time.Second
	// longestName is that of any object.
	longestName = 253
	// topTTL is how long a top is remembered: an object hardly ever changes its controller.
	topTTL   = 5 * time.Minute
	mostTops = 4096
)

// between are the kinds, beside Polyaxon's own, that may stand between a pod and what a user made, by their groups. Of
// others the controller is not asked for: they are the top.
var between = map[string][]string{
	"apps":                {"ReplicaSet", "Deployment", "StatefulSet"},
	"batch":               {"Job"},
	"kubeflow.org":        {"TFJob", "PyTorchJob", "MPIJob", "MXJob", "XGBoostJob", "PaddleJob"},
	"ray.io":              {"RayJob", "RayService", "RayCluster"},
	"kubernetes.dask.org": {"DaskJob", "DaskCluster", "DaskWorkerGroup"},
}

// Controllers knows what stands above a pod: its controller, the controller of that, and so on to the top, which is what
// a user made and looks at. Of each it reads the metadata.
type Controllers struct {
	client metadata.Interface
	tops   *utilcache.LRUExpireCache // of top, by step
}

// step is a reference to a controller, in the namespace of whoever names it.
type step struct {
	namespace string
	metav1.OwnerReference
}

// top is where the way up ends; not there where the first step already leads nowhere.
type top struct {
	metav1.OwnerReference
	there bool
	read  *metav1.OwnerReference // the highest that was read; nil where none was
}

// presence is what is known of an object that a reference names.
type presence int

const (
	absent  presence = iota
	assumed          // it is of a kind that is not looked at, or may not be read: somebody may have made it up
	read
)

// NewControllers prepares to ask. kubeconfig is a file, or empty in a pod: its service account is used then.
func NewControllers(kubeconfig string) (*Controllers, error) {
	config, err := Configure(kubeconfig)
	if err != nil {
		return nil, err
	}
	client, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	return &Controllers{client, utilcache.NewLRUExpireCache(mostTops)}, nil
}

// Top climbs from an object's controller, as template.ControllerOf returns it, to the one that no other controls. The way ends
// below what is not there, and at what may not be read. It is false where the first controller is not there: it is gone,
// or somebody made it up. The error says that nobody answered.
func (c *Controllers) Top(ctx context.Context, namespace string, first metav1.OwnerReference) (metav1.OwnerReference, bool, error) {
	found, err := c.climb(ctx, namespace, first)
	return found.OwnerReference, found.there, err
}

// TopRead is the highest on the same way that was read, and so is no fiction; nil where none was.
func (c *Controllers) TopRead(ctx context.Context, namespace string, first metav1.OwnerReference) (*metav1.OwnerReference, error) {
	found, err := c.climb(ctx, namespace, first)
	return found.read, err
}

func (c *Controllers) climb(ctx context.Context, namespace string, first metav1.OwnerReference) (top, error) {
	from := step{namespace, first}
	if known, ok := c.tops.Get(from); ok {
		return known.(top), nil
	}
	ctx, cancel := context.WithTimeout(ctx, climbTimeout)
	defer cancel()
	found := top{OwnerReference: first}
	next := &first
	for range mostSteps {
		above, is, err := c.above(ctx, step{namespace, *next})
		if err != nil {
			return top{OwnerReference: first}, err
		}
		if is != absent {
			found.OwnerReference, found.there = *next, true
		}
		if is == read {
			found.read = next
		}
		if next = above; next == nil {
			break
		}
	}
	c.tops.Add(from, found, topTTL)
	return found, nil
}

// above is the controller of an object, nil for none, and whether the object is there. What cannot be looked at is taken
// for the top.
func (c *Controllers) above(ctx context.Context, of step) (controller *metav1.OwnerReference, is presence, err error) {
	resource, ok := resourceOf(of.OwnerReference)
	if !ok {
		return nil, assumed, nil
	}
	if len(of.Name) > longestName || len(content.IsPathSegmentName(of.Name)) > 0 {
		return nil, absent, nil // no object is called so, and the URL of one would lead elsewhere
	}
	found, err := c.client.Resource(resource).Namespace(of.namespace).Get(ctx, of.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, absent, nil
	case apierrors.IsForbidden(err):
		return nil, assumed, nil
	case err != nil:
		return nil, absent, fmt.Errorf("read %s/%s: %w", resource.GroupResource(), of.Name, err)
	case found.UID != of.UID:
		return nil, absent, nil // another one of that name
	}
	return template.ControllerOf(found), read, nil
}

// resourceOf is the resource of a kind whose controller is asked for.
func resourceOf(ref metav1.OwnerReference) (schema.GroupVersionResource, bool) {
	if own, ok := polyaxon.ReferenceTo(ref.APIVersion, ref.Kind, ref.Name); ok {
		return own.Resource, true
	}
	gv, err := schema.ParseGroupVersion(ref.APIVersion)
	if err != nil || !slices.Contains(between[gv.Group], ref.Kind) {
		return schema.GroupVersionResource{}, false
	}
	resource, _ := meta.UnsafeGuessKindToResource(gv.WithKind(ref.Kind))
	return resource, true
}
