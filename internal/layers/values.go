// Package layers writes a policy down for the other layers that say who lives where: the values of Polyaxon's chart, the
// labels and taints of nodes, Polyaxon's presets, the node pools of Karpenter and Kueue. It judges what it is handed;
// callers read clusters and files.
package layers

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// Values are those for a version of Polyaxon's chart by which it places its own pods as the policy does, as YAML with
// comments. It needs no webhook for that.
func Values(p *v1alpha1.PlacementPolicy, chart string) (string, error) {
	v, err := ParseVersion(chart)
	if err != nil {
		return "", err
	}
	g := generationOf(v)
	root := &branch{}
	for _, k := range g.keys {
		selector, tolerations := placement(&p.Spec, k.role)
		if len(selector) > 0 {
			root.set(k.selector, k.what, selector)
		}
		if len(tolerations) > 0 {
			root.set(k.tolerations, k.what, tolerations)
		}
	}
	var text strings.Builder
	fmt.Fprintf(&text, "# Values for Polyaxon's chart %s by which its pods land where policy %q wants them, with or without polymoat:\n", chart, p.Metadata.Name)
	fmt.Fprintf(&text, "#   helm upgrade %s polyaxon/polyaxon --version %s --namespace %s --reuse-values -f FILE\n", p.Spec.Release, chart, p.Spec.Namespaces[0])
	fmt.Fprintf(&text, "# A bundled part that is not installed ignores its values.\n")
	if g.unreached != "" {
		fmt.Fprintf(&text, "# No value reaches %s. The webhook places these pods.\n", g.unreached)
	}
	if err := root.write(&text, ""); err != nil {
		return "", err
	}
	writeIdentity(&text, p, g, v)
	return text.String(), nil
}

// placement is what the webhook adds to a pod of a role: the label of its first node pool, the tolerations of its taints,
// and what the role has of its own.
func placement(s *v1alpha1.Spec, name string) (selector map[string]string, tolerations []corev1.Toleration) {
	if name == everywhere {
		for _, pool := range s.NodePools {
			tolerations = append(tolerations, tolerating(pool.Taints)...)
		}
		return nil, tolerations
	}
	roles := s.Effective()
	role := roles[slices.IndexFunc(roles, func(r v1alpha1.Role) bool { return r.Name == name })]
	if len(role.NodePools) == 0 {
		return maps.Clone(role.NodeSelector), role.Tolerations
	}
	return on(role, poolNamed(s, role.NodePools[0]))
}

// on is what the webhook adds to a pod of a role that is placed on a node pool.
func on(role v1alpha1.Role, pool v1alpha1.NodePool) (selector map[string]string, tolerations []corev1.Toleration) {
	selector = map[string]string{}
	maps.Copy(selector, role.NodeSelector)
	selector[pool.NodeLabel.Key] = pool.NodeLabel.Value
	return selector, append(tolerating(pool.Taints), role.Tolerations...)
}

func tolerating(taints []corev1.Taint) []corev1.Toleration {
	var list []corev1.Toleration
	for _, t := range taints {
		list = append(list, corev1.Toleration{Key: t.Key, Operator: corev1.TolerationOpEqual, Value: t.Value, Effect: t.Effect})
	}
	return list
}

// writeIdentity writes securityContext as a comment: the policy leaves core as its charts made it, and gives runs theirs.
func writeIdentity(text *strings.Builder, p *v1alpha1.PlacementPolicy, g generation, v Version) {
	context := p.Spec.Defaults.PodSecurityContext
	if g.uids == "" || context == nil || context.RunAsUser == nil {
		return
	}
	user, group := *context.RunAsUser, cmp.Or(context.FSGroup, context.RunAsUser)
	fmt.Fprintf(text, "# %s\n", g.uids)
	if v.before(Version{1, 14, 1}) {
		fmt.Fprintf(text, "# securityContext: {enabled: true, user: %d, group: %d}\n", user, *group)
		return
	}
	fmt.Fprintf(text, "# securityContext: {enabled: true, runAsUser: %d, runAsGroup: %d, fsGroup: %d}\n", user, *cmp.Or(context.RunAsGroup, group), *group)
}

// branch is a mapping of values, in the order in which its keys came.
type branch struct {
	names []string
	below map[string]*branch
	value any
	what  string // comment above its first key
}

func (b *branch) set(path, what string, value any) {
	if path == "" {
		return
	}
	for name := range strings.SplitSeq(path, ".") {
		if b.below == nil {
			b.below = map[string]*branch{}
		}
		if !slices.Contains(b.names, name) {
			b.names = append(b.names, name)
			b.below[name] = &branch{}
		}
		b = b.below[name]
	}
	b.value, b.what = value, what
}

// write writes what is below, indented; what a key places is said above the first of its keys.
func (b *branch) write(text *strings.Builder, indent string) error {
	said := ""
	for _, name := range b.names {
		next := b.below[name]
		if next.below != nil {
			fmt.Fprintf(text, "%s%s:\n", indent, name)
			if err := next.write(text, indent+"  "); err != nil {
				return err
			}
			continue
		}
		if next.what != said {
			fmt.Fprintf(text, "%s# %s\n", indent, next.what)
			said = next.what
		}
		lines, err := yaml.Marshal(map[string]any{name: next.value})
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(lines)) {
			text.WriteString(indent + line)
		}
	}
	return nil
}
