package drift

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/layers"
)

// Preset is one of Polyaxon's. The file that holds it may be called after a role: then it is one for that role.
type Preset struct {
	Object       string // where it is: "presets/jobs.yaml"
	NodeSelector map[string]string
	Tolerations  []corev1.Toleration
	NodeName     string
}

// PresetOf reads a polyaxonfile, as JSON values. It returns false for one that is no preset.
func PresetOf(object string, raw map[string]any) (Preset, bool, error) {
	if is, _ := raw["isPreset"].(bool); !is {
		return Preset{}, false, nil
	}
	var read struct {
		RunPatch layers.RunPatch `json:"runPatch"`
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw, &read); err != nil {
		return Preset{}, true, fmt.Errorf("%s: %w", object, err)
	}
	e := read.RunPatch.Environment
	return Preset{object, e.NodeSelector, e.Tolerations, e.NodeName}, true, nil
}

// presets finds those with which a run is refused, or sent where it cannot go.
func (f *Facts) presets() []Drift {
	var found []Drift
	for _, p := range f.Presets {
		if what := f.preset(p); what != "" {
			found = append(found, Drift{Presets, p.Object, what, "kubectl polymoat presets" + p.role(f.Policies, " ")})
		}
	}
	return found
}

// role is the one after which the preset's file is called, with a prefix; empty where it is called otherwise.
func (p Preset) role(files []v1alpha1.File, prefix string) string {
	name := strings.TrimSuffix(path.Base(p.Object), path.Ext(p.Object))
	for _, file := range files {
		for _, role := range file.Policy.Spec.Effective() {
			if role.Name == name && name != v1alpha1.RoleCore && len(role.NodePools) > 0 {
				return prefix + name
			}
		}
	}
	return ""
}

// preset is what is wrong with one; empty where nothing is.
func (f *Facts) preset(p Preset) string {
	if p.NodeName != "" {
		return fmt.Sprintf("names the node %q, which polymoat refuses", p.NodeName)
	}
	pools, role := layers.Pools(f.Policies), p.role(f.Policies, "")
	for _, key := range slices.Sorted(maps.Keys(p.NodeSelector)) {
		label := v1alpha1.NodeLabel{Key: key, Value: p.NodeSelector[key]}
		if !slices.ContainsFunc(pools, func(o v1alpha1.NodePool) bool { return o.NodeLabel.Key == key }) {
			continue
		}
		i := slices.IndexFunc(pools, func(o v1alpha1.NodePool) bool { return o.NodeLabel == label })
		switch {
		case i < 0:
			return fmt.Sprintf("selects %s, the label of no node pool", label)
		case pools[i].Protected:
			return fmt.Sprintf("selects protected node pool %q, which polymoat refuses", pools[i].Name)
		case role != "" && !f.mayUse(role, label):
			return fmt.Sprintf("selects node pool %q, which role %s may not use", pools[i].Name, role)
		}
		if missing := untolerated(pools[i].Taints, p.Tolerations); len(missing) > 0 {
			return fmt.Sprintf("has no toleration for the taint %s of node pool %q", words(missing), pools[i].Name)
		}
	}
	return ""
}

// mayUse says whether a policy lets the role use the pool with the label.
func (f *Facts) mayUse(role string, label v1alpha1.NodeLabel) bool {
	return slices.ContainsFunc(f.Policies, func(file v1alpha1.File) bool {
		return slices.ContainsFunc(poolsOf(&file.Policy.Spec, role), func(p v1alpha1.NodePool) bool { return p.NodeLabel == label })
	})
}
