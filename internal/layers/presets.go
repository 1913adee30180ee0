package layers

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// Preset is a fragment of an operation of Polyaxon 1.x and 2.x that other operations take over.
type Preset struct {
	Version  float64  `json:"version"` // of Polyaxon's specification: 1.1
	Kind     string   `json:"kind"`
	IsPreset bool     `json:"isPreset"`
	RunPatch RunPatch `json:"runPatch"`
}

// RunPatch is what a preset changes in a run.
type RunPatch struct {
	Environment Environment `json:"environment"`
}

// Environment is the part of a run that places its pods.
type Environment struct {
	NodeSelector map[string]string   `json:"nodeSelector,omitempty"`
	Tolerations  []corev1.Toleration `json:"tolerations,omitempty"`
	NodeName     string              `json:"nodeName,omitempty"`
}

// unreachable are the known roles whose pods take no preset, and why.
var unreachable = map[string]string{
	v1alpha1.RoleCore:        "kubectl polymoat values places it",
	v1alpha1.RoleExperiments: "only Polyaxon 0.x makes such runs",
	v1alpha1.RoleHelpers:     "Polyaxon makes the cleaner and notifiers itself",
}

// Presets are those of a policy as YAML documents: one for each role of runs that has a node pool, by which such a run is
// placed with or without polymoat. Of names, if there are any, it is only those roles; one without a preset is an error.
func Presets(p *v1alpha1.PlacementPolicy, names []string) (string, error) {
	var docs []string
	known := map[string]bool{}
	for _, role := range p.Spec.Effective() {
		if len(role.NodePools) == 0 || !reached(role) {
			continue
		}
		known[role.Name] = true
		if len(names) > 0 && !slices.Contains(names, role.Name) {
			continue
		}
		found, err := presetsOf(&p.Spec, role)
		if err != nil {
			return "", err
		}
		docs = append(docs, found...)
	}
	for _, name := range names {
		if !known[name] {
			return "", fmt.Errorf("role %q of policy %q has no preset: %s", name, p.Metadata.Name, withoutPreset(p, name))
		}
	}
	return presetsHead(p, len(names) == 0) + strings.Join(docs, "---\n"), nil
}

// reached says whether runs of the role take presets. One with signals of the policy's own may be any run.
func reached(role v1alpha1.Role) bool { return role.Match != nil || unreachable[role.Name] == "" }

func withoutPreset(p *v1alpha1.PlacementPolicy, name string) string {
	for _, role := range p.Spec.Effective() {
		switch {
		case role.Name == name && !reached(role):
			return unreachable[name]
		case role.Name == name:
			return "it has no node pool"
		}
	}
	return "there is no such role"
}

func presetsHead(p *v1alpha1.PlacementPolicy, all bool) string {
	var text strings.Builder
	fmt.Fprintf(&text, "# Presets of policy %q: with one of them a run is placed as the policy wants it, with or without polymoat.\n", p.Metadata.Name)
	text.WriteString("#   polyaxon run -f job.yaml -f preset.yaml\n# Polyaxon 1.x and 2.x know presets.\n")
	if !all {
		return text.String()
	}
	for _, role := range p.Spec.Effective() {
		if len(role.NodePools) > 0 && !reached(role) {
			fmt.Fprintf(&text, "# No preset reaches role %s: %s.\n", role.Name, unreachable[role.Name])
		}
	}
	return text.String()
}

// presetsOf are those of a role: for runs as they are, and for those that request what a node pool is for.
func presetsOf(s *v1alpha1.Spec, role v1alpha1.Role) ([]string, error) {
	var docs []string
	usual := usualPool(s, role)
	for _, name := range role.NodePools {
		pool := poolNamed(s, name)
		if name != usual && len(pool.Resources) == 0 {
			continue // may be asked for, and then by its label
		}
		head := fmt.Sprintf("# %s: node pool %q\n", role.Name, name)
		if name != usual {
			head = fmt.Sprintf("# %s that request %s: node pool %q\n", role.Name, strings.Join(pool.Resources, ", "), name)
		}
		if role.Name == v1alpha1.RoleDistributed {
			head += "# If your version of Polyaxon does not give it to every replica, write it below each: runPatch: {worker: {environment: ...}}\n"
		}
		doc, err := yaml.Marshal(presetOn(role, pool))
		if err != nil {
			return nil, err
		}
		docs = append(docs, head+string(doc))
	}
	return docs, nil
}

// usualPool is the one for runs that request nothing special.
func usualPool(s *v1alpha1.Spec, role v1alpha1.Role) string {
	for _, name := range role.NodePools {
		if len(poolNamed(s, name).Resources) == 0 {
			return name
		}
	}
	return role.NodePools[0]
}

func poolNamed(s *v1alpha1.Spec, name string) v1alpha1.NodePool {
	return s.NodePools[slices.IndexFunc(s.NodePools, func(p v1alpha1.NodePool) bool { return p.Name == name })]
}

func presetOn(role v1alpha1.Role, pool v1alpha1.NodePool) Preset {
	selector, tolerations := on(role, pool)
	return Preset{Version: 1.1, Kind: "operation", IsPreset: true, RunPatch: RunPatch{Environment{NodeSelector: selector, Tolerations: tolerations}}}
}
