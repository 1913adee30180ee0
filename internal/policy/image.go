package policy

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// image is the identity that the image of the pod's main container was made for; nil where none is known, and in roles that
// keep the identity of their pods. One that polymoat knows gives way to a role that names a user itself.
func (s *subject) image(pod *corev1.Pod) *v1alpha1.ImageIdentity {
	main := polyaxon.Main(pod)
	if main == nil || s.hardeningRole.keeps {
		return nil
	}
	if own := imageOf(main.Image, s.in.images); own != nil || s.hardeningRole.namesUser() {
		return own
	}
	return imageOf(main.Image, polyaxon.Images)
}

// imageOf is the first entry of a table that fits an image; nil where none does.
func imageOf(image string, table []v1alpha1.ImageIdentity) *v1alpha1.ImageIdentity {
	i := slices.IndexFunc(table, func(row v1alpha1.ImageIdentity) bool { return polyaxon.ImageIs(image, row.Repository) })
	if i < 0 {
		return nil
	}
	return &table[i]
}

// namesUser says whether the role's own entry sets a uid.
func (r *role) namesUser() bool {
	return slices.ContainsFunc(r.contexts, func(c contexts) bool {
		return c.source == FromRole && (c.pod != nil && c.pod.RunAsUser != nil || c.container != nil && c.container.RunAsUser != nil)
	})
}
