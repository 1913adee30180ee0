package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// operation is one of a JSON patch.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// SetCABundles gives every webhook the caBundle that bundle makes of its present one; nil leaves it alone. Fields newer
// than our version of k8s.io/api survive, because nothing else is written, and a change by somebody else in between is
// a conflict, never lost.
func (c *Configurations) SetCABundles(ctx context.Context, bundle func(present []byte) []byte) error {
	var errs []error
	for _, w := range c.watches {
		if err := w.setCABundles(ctx, bundle); err != nil {
			errs = append(errs, fmt.Errorf("write caBundle of %s %q: %w", w.kind, w.name, err))
		}
	}
	return errors.Join(errs...)
}

func (w *configurationWatch) setCABundles(ctx context.Context, bundle func(present []byte) []byte) error {
	object := w.object()
	if object == nil {
		return nil
	}
	patch := caBundlePatch(object, bundle)
	if patch == nil {
		return nil
	}
	body, err := json.Marshal(patch)
	if err != nil {
		return err
	}
	return w.client.Patch(types.JSONPatchType).Resource(w.resource).Name(w.name).Body(body).Do(ctx).Error()
}

func caBundlePatch(object metav1.Object, bundle func(present []byte) []byte) []operation {
	var patch []operation
	for i, webhook := range webhooks(object) {
		if want := bundle(webhook.ClientConfig.CABundle); want != nil {
			patch = append(patch, operation{"add", fmt.Sprintf("/webhooks/%d/clientConfig/caBundle", i), want})
		}
	}
	if patch == nil {
		return nil
	}
	// The API server refuses the patch if the configuration is not this one any more: the positions would be wrong.
	return append(patch, operation{"replace", "/metadata/resourceVersion", object.GetResourceVersion()})
}
