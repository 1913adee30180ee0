package drill

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
)

// volumesFor are the free volumes that a claim might be bound to, the smallest first. A volume that is kept for the claim
// is the only one.
func (d *drill) volumesFor(c *corev1.PersistentVolumeClaim) []*corev1.PersistentVolume {
	var found []*corev1.PersistentVolume
	for _, name := range slices.Sorted(maps.Keys(d.volumes)) {
		v := d.volumes[name]
		switch kept := v.Spec.ClaimRef; {
		case v.DeletionTimestamp != nil || v.Spec.Capacity.Storage().Cmp(*c.Spec.Resources.Requests.Storage()) < 0 || modeOf(v.Spec.VolumeMode) != modeOf(c.Spec.VolumeMode):
		case kept != nil && kept.Namespace == c.Namespace && kept.Name == c.Name && (kept.UID == "" || kept.UID == c.UID):
			return []*corev1.PersistentVolume{v}
		case kept == nil && suits(v, c):
			found = append(found, v)
		}
	}
	slices.SortStableFunc(found, func(a, b *corev1.PersistentVolume) int {
		return a.Spec.Capacity.Storage().Cmp(*b.Spec.Capacity.Storage())
	})
	return found
}

// suits says whether a volume that is nobody's may become the claim's.
func suits(v *corev1.PersistentVolume, c *corev1.PersistentVolumeClaim) bool {
	selector := labels.Everything()
	if c.Spec.Selector != nil {
		var err error
		if selector, err = metav1.LabelSelectorAsSelector(c.Spec.Selector); err != nil {
			return false
		}
	}
	lacks := func(m corev1.PersistentVolumeAccessMode) bool { return !slices.Contains(v.Spec.AccessModes, m) }
	return v.Status.Phase == corev1.VolumeAvailable && classOfVolume(v) == classOf(c) &&
		selector.Matches(labels.Set(v.Labels)) && !slices.ContainsFunc(c.Spec.AccessModes, lacks)
}

func classOfVolume(v *corev1.PersistentVolume) string {
	if class, ok := v.Annotations[oldClass]; ok {
		return class
	}
	return v.Spec.StorageClassName
}

func modeOf(mode *corev1.PersistentVolumeMode) corev1.PersistentVolumeMode {
	if mode == nil {
		return corev1.PersistentVolumeFilesystem
	}
	return *mode
}

// zoneLabels are those on a volume that tie it to nodes of the same place, where these say their place.
var zoneLabels = []string{
	corev1.LabelTopologyZone, corev1.LabelTopologyRegion, corev1.LabelFailureDomainBetaZone, corev1.LabelFailureDomainBetaRegion,
}

// inPlaceOf are today's labels for those of old.
var inPlaceOf = map[string]string{
	corev1.LabelFailureDomainBetaZone: corev1.LabelTopologyZone, corev1.LabelFailureDomainBetaRegion: corev1.LabelTopologyRegion,
}

// mounts says whether the volume's own node affinity lets it be mounted on the node.
func mounts(v *corev1.PersistentVolume, n *node) bool {
	if v.Spec.NodeAffinity == nil || v.Spec.NodeAffinity.Required == nil {
		return true
	}
	required, err := nodeaffinity.NewNodeSelector(v.Spec.NodeAffinity.Required)
	return err == nil && required.Match(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Labels: n.Labels}})
}

// inZone says whether the node is in the zone and region that the volume's labels name. A node without any such label is.
func inZone(v *corev1.PersistentVolume, n *node) bool {
	if !slices.ContainsFunc(zoneLabels, func(key string) bool { _, ok := n.Labels[key]; return ok }) {
		return true
	}
	for _, key := range zoneLabels {
		zones, ok := v.Labels[key]
		if !ok {
			continue
		}
		value, ok := n.Labels[key]
		if !ok {
			value, ok = n.Labels[inPlaceOf[key]]
		}
		if !ok || !slices.Contains(strings.Split(zones, "__"), value) {
			return false
		}
	}
	return true
}

// tiedTo says in words where a volume is: `topology.kubernetes.io/zone "b"`.
func tiedTo(v *corev1.PersistentVolume) string {
	var places []string
	if v.Spec.NodeAffinity != nil && v.Spec.NodeAffinity.Required != nil {
		for _, term := range v.Spec.NodeAffinity.Required.NodeSelectorTerms {
			for _, r := range term.MatchExpressions {
				places = append(places, fmt.Sprintf("%s %s", r.Key, quoted(r.Values)))
			}
		}
	}
	for _, key := range zoneLabels {
		if value, ok := v.Labels[key]; ok && len(places) == 0 {
			places = append(places, fmt.Sprintf("%s %s", key, quoted(strings.Split(value, "__"))))
		}
	}
	slices.Sort(places)
	return strings.Join(slices.Compact(places), ", ")
}

func quoted(values []string) string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = fmt.Sprintf("%q", v)
	}
	return strings.Join(all, " or ")
}
