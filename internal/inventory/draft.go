package inventory

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// Draft is the text of a policy for each installation of a cluster, as YAML documents. `policy validate --strict`
// accepts them.
func Draft(c Cluster, w Wishes) string {
	h := settle(find(c.members(), w), w)
	var docs []string
	for _, i := range c.installations(w) {
		docs = append(docs, c.document(h, i))
	}
	return strings.Join(docs, "---\n")
}

func (c *Cluster) document(h house, i installation) string {
	var t text
	t.WriteString(v1alpha1.Modeline)
	t.line("# Drafted by kubectl polymoat init from %s. What is assumed is marked: check it.", c.sources())
	for _, sentence := range h.leftOut {
		t.line("# Not in this policy: %s", sentence)
	}
	if len(c.PriorityClasses) > 0 {
		t.line("# Priority classes of the cluster: %s. priorityClassNames says which a role may use.", strings.Join(c.PriorityClasses, ", "))
	}
	t.line("apiVersion: %s\nkind: %s\nmetadata:\n  name: %s\nspec:", v1alpha1.APIVersion, v1alpha1.Kind, quote(i.policy))
	t.line("  # %s", i.found)
	t.line("  release: %s\n  namespaces: %s", quote(i.release), list(i.namespaces))
	t.line("  # Who may create and change what claims to be Polyaxon itself, besides anyone RBAC lets \"use\" roles.polymoat.io \"core\".")
	t.line("  coreTrust:\n    groups: [system:masters]")
	ids := c.uids(i.namespaces)
	t.defaults(ids)
	t.line("  nodePools:")
	for _, p := range h.pools {
		t.pool(p)
	}
	t.line("  roles:")
	t.roles(h, ids)
	return t.String()
}

// text is YAML that is being written.
type text struct{ strings.Builder }

func (t *text) line(format string, args ...any) { fmt.Fprintf(t, format+"\n", args...) }

// defaults are the bounds of what one run may ask for.
func (t *text) defaults(ids *uids) {
	t.line("  # What one run may ask for with an annotation: kubectl polymoat overrides lists it.")
	t.line("  defaults:\n    home: /tmp\n    overrides:\n      nodePools: [\"*\"]\n      roles: [\"*\"]")
	low, high := int64(1000), int64(65534)
	if ids != nil {
		t.line("      # %s", ids.sentence)
		low, high = ids.first, ids.last
	}
	for _, id := range []string{"runAsUser", "runAsGroup", "fsGroup"} {
		t.line("      %s: {min: %d, max: %d}", id, low, high)
	}
}

func (t *text) pool(p *pool) {
	switch {
	case p.nodes > 0:
		t.line("  # %s now.", nodes(p.nodes))
	case len(p.assumed) == 0:
		t.line("  # No node now: Karpenter starts them.")
	}
	for _, sentence := range p.assumed {
		t.line("  # %s", sentence)
	}
	t.line("  - name: %s", quote(p.Name))
	t.line("    nodeLabel: {key: %s, value: %s}", quote(p.NodeLabel.Key), quote(p.NodeLabel.Value))
	if len(p.Taints) > 0 {
		t.line("    taints:")
	}
	for _, taint := range p.Taints {
		t.line("    - %s", flow(taint))
	}
	if len(p.Resources) > 0 {
		t.line("    resources: %s", list(p.Resources))
	}
	if p.Protected {
		t.line("    protected: true")
	}
}

func flow(t corev1.Taint) string {
	value := ""
	if t.Value != "" {
		value = ", value: " + quote(t.Value)
	}
	return fmt.Sprintf("{key: %s%s, effect: %s}", quote(t.Key), value, t.Effect)
}

// roles are the known ones. What is not written down is as the built-in policy has it.
func (t *text) roles(h house, ids *uids) {
	t.line("  # Polyaxon itself: placed, and left as its charts made it.")
	t.line("  - {name: core, nodePools: %s}", list([]string{h.core}))
	t.line("  # Runs: the first node pool is the default; any listed one may be asked for.")
	for _, name := range v1alpha1.KnownRoles {
		switch name {
		case v1alpha1.RoleCore, v1alpha1.RoleOther:
		case v1alpha1.RoleBuilds:
			t.line("  - {name: builds, nodePools: %s}", list([]string{h.builds}))
		default:
			t.line("  - {name: %s, nodePools: %s%s}", name, list(h.runs), ids.context())
		}
	}
	t.line("  # Any other pod in the namespaces: kept off protected pools, otherwise left alone.")
	t.line("  - {name: other}")
}

// plain are the characters of a scalar that YAML takes for nothing but text.
func plain(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '.' || r == '/' || r == '_' || r >= '0' && r <= '9'
}

// quote is a text as a YAML scalar.
func quote(s string) string {
	_, notNumber := strconv.ParseFloat(s, 64)
	words := []string{"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
	letter := s != "" && (s[0] >= 'a' && s[0] <= 'z' || s[0] >= 'A' && s[0] <= 'Z')
	if letter && notNumber != nil && !slices.Contains(words, strings.ToLower(s)) && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return strconv.Quote(s)
}

func list(items []string) string {
	quoted := make([]string, len(items))
	for i, item := range items {
		quoted[i] = quote(item)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// sources are what the draft was made from.
func (c *Cluster) sources() string {
	switch n := len(c.NodePools); n {
	case 0:
		return nodes(len(c.Nodes))
	case 1:
		return nodes(len(c.Nodes)) + " and 1 NodePool of Karpenter"
	default:
		return fmt.Sprintf("%s and %d NodePools of Karpenter", nodes(len(c.Nodes)), n)
	}
}
