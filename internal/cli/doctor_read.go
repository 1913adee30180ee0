package cli

import (
	"context"
	"encoding/json"
	"fmt"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/polymoat/polymoat/internal/doctor"
)

// one reads an object of the core group by its name. One that is not there is none of the facts.
func (r reader) one(ctx context.Context, is doctor.Resource, resource, namespace, name string, into runtime.Object) error {
	err := r.get(ctx, corev1.SchemeGroupVersion, resource, namespace, name, into)
	if err == nil {
		r.facts.Add(into)
	}
	return r.note(is, err)
}

// certManager lists objects of cert-manager, which our own scheme does not know. A cluster without it has none.
func certManager(ctx context.Context, r reader, is doctor.Resource, resource string, into runtime.Object) error {
	client, err := r.client(certmanagerv1.SchemeGroupVersion)
	if err != nil {
		return err
	}
	raw, err := client.Get().Namespace(r.facts.Deployment.Namespace).Resource(resource).SetHeader("Accept", "application/json").Do(ctx).Raw()
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
		return r.note(is, err)
	}
	if err != nil {
		return fmt.Errorf("list %s: %w", is, err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("list %s: %w", is, err)
	}
	return meta.EachListItem(into, func(o runtime.Object) error {
		r.facts.Add(o)
		return nil
	})
}
