package cluster

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// claimSource knows the PersistentVolumeClaims of the governed namespaces.
type claimSource struct {
	client    rest.Interface
	stores    map[string]cache.Store // by namespace
	informers []cache.Controller
}

// knownClaim is what is kept of a claim. It never changes.
type knownClaim struct {
	metav1.ObjectMeta // name and version, which the informer looks at
	oncePod           bool
}

func (s *claimSource) watch(namespace string) {
	store, informer := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: cache.NewListWatchFromClient(s.client, "persistentvolumeclaims", namespace, fields.Everything()),
		ObjectType:    &corev1.PersistentVolumeClaim{},
		Handler:       cache.ResourceEventHandlerFuncs{},
		Transform:     keepClaim,
	})
	s.stores[namespace] = store
	s.informers = append(s.informers, informer)
}

func keepClaim(object any) (any, error) {
	claim, ok := object.(*corev1.PersistentVolumeClaim)
	if !ok {
		return object, nil // a tombstone, which is about to go, or kept already
	}
	return &knownClaim{
		metav1.ObjectMeta{Namespace: claim.Namespace, Name: claim.Name, ResourceVersion: claim.ResourceVersion},
		slices.Contains(claim.Spec.AccessModes, corev1.ReadWriteOncePod),
	}, nil
}

// oncePod says whether a claim is known, and of one pod alone.
func (s *claimSource) oncePod(namespace, name string) bool {
	store := s.stores[namespace]
	if store == nil {
		return false
	}
	found, _, _ := store.GetByKey(namespace + "/" + name) // its key function does not fail
	claim, ok := found.(*knownClaim)
	return ok && claim.oncePod
}
