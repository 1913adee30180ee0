package drill

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
)

const (
	selectedNode  = "volume.kubernetes.io/selected-node"
	bindCompleted = "pv.kubernetes.io/bind-completed"
	oldClass      = "volume.beta.kubernetes.io/storage-class"
	noProvisioner = "kubernetes.io/no-provisioner"
)

// claim is a PersistentVolumeClaim that a pod mounts.
type claim struct {
	*corev1.PersistentVolumeClaim
	volume *corev1.PersistentVolume   // nil where it is bound when its first pod has a node
	pick   []*corev1.PersistentVolume // that it might be bound to then
	class  *storagev1.StorageClass
}

func (c *claim) key() string { return c.Namespace + "/" + c.Name }

// claimsOf are the claims of a pod, or why it can have no node. An ephemeral volume is made anew, and left out.
func (d *drill) claimsOf(p *Pod) ([]*claim, string) {
	var all []*claim
	for _, v := range p.Spec.Volumes {
		if v.PersistentVolumeClaim == nil {
			continue
		}
		c, why := d.claim(p.Namespace, v.PersistentVolumeClaim.ClaimName)
		if why != "" {
			return nil, why
		}
		all = append(all, c)
	}
	slices.SortStableFunc(all, func(a, b *claim) int { // as the scheduler looks for volumes
		return a.Spec.Resources.Requests.Storage().Cmp(*b.Spec.Resources.Requests.Storage())
	})
	return all, ""
}

func (d *drill) claim(namespace, name string) (*claim, string) {
	found := d.claims[namespace+"/"+name]
	if found == nil {
		return nil, fmt.Sprintf("claim %q does not exist", name)
	}
	c := &claim{PersistentVolumeClaim: found, class: d.classes[classOf(found)]}
	_, bound := found.Annotations[bindCompleted]
	switch {
	case found.DeletionTimestamp != nil:
		return nil, fmt.Sprintf("claim %q is being deleted", name)
	case found.Status.Phase == corev1.ClaimLost:
		return nil, fmt.Sprintf("claim %q has lost its volume", name)
	case found.Spec.VolumeName != "" && bound:
		if c.volume = d.volumes[found.Spec.VolumeName]; c.volume == nil {
			return nil, fmt.Sprintf("volume %q of claim %q does not exist", found.Spec.VolumeName, name)
		}
	case found.Spec.VolumeName != "" || !c.waits():
		return nil, fmt.Sprintf("claim %q is not bound to a volume", name)
	default:
		c.pick = d.volumesFor(found)
	}
	return c, ""
}

// waits says whether the claim is bound when its first pod gets a node.
func (c *claim) waits() bool {
	return c.class != nil && c.class.VolumeBindingMode != nil && *c.class.VolumeBindingMode == storagev1.VolumeBindingWaitForFirstConsumer
}

func classOf(c *corev1.PersistentVolumeClaim) string {
	if class, ok := c.Annotations[oldClass]; ok {
		return class
	}
	if c.Spec.StorageClassName != nil {
		return *c.Spec.StorageClassName
	}
	return ""
}

// refuses says why a pod with the claim cannot be on the node; empty where it can, as far as other pods let it.
func (c *claim) refuses(n *node) string {
	if c.volume != nil {
		if !mounts(c.volume, n) || !inZone(c.volume, n) {
			return fmt.Sprintf("volume %q of claim %q is tied to %s", c.volume.Name, c.Name, tiedTo(c.volume))
		}
		return ""
	}
	if selected, ok := c.Annotations[selectedNode]; ok && selected != n.Name {
		return fmt.Sprintf("the volume of claim %q is made for node %q", c.Name, selected)
	}
	if c.volumeOn(n, nil) == nil && !c.provisions(n) {
		return fmt.Sprintf("no volume for claim %q can be had there", c.Name)
	}
	return ""
}

// volumeOn is the free volume that the claim would be bound to on the node; nil for none.
func (c *claim) volumeOn(n *node, taken map[string]string) *corev1.PersistentVolume {
	for _, v := range c.pick {
		if by := taken[v.Name]; (by == "" || by == c.key()) && mounts(v, n) {
			return v
		}
	}
	return nil
}

// provisions says whether a volume would be made for the claim on the node.
func (c *claim) provisions(n *node) bool {
	if c.class == nil || c.class.Provisioner == "" || c.class.Provisioner == noProvisioner {
		return false
	}
	return len(c.class.AllowedTopologies) == 0 || slices.ContainsFunc(c.class.AllowedTopologies, func(t corev1.TopologySelectorTerm) bool {
		return len(t.MatchLabelExpressions) > 0 && !slices.ContainsFunc(t.MatchLabelExpressions, func(r corev1.TopologySelectorLabelRequirement) bool {
			value, ok := n.Labels[r.Key]
			return !ok || !slices.Contains(r.Values, value)
		})
	})
}
