// Package chart runs helm on the chart in manifests/chart, as people do, and renders manifests/install.yaml from it.
package chart

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/polymoat/polymoat/e2e/binaries"
)

// Helm is helm, and the chart.
type Helm struct {
	binary string
	home   string // what helm would otherwise keep in the user's home
	// Dir is the chart's folder.
	Dir string
	// Kubeconfig says which cluster is meant; empty: none.
	Kubeconfig string
}

// New builds helm where it is missing, with progress on out. root is the repository's root.
func New(ctx context.Context, root string, out io.Writer) (*Helm, error) {
	binary, err := binaries.Helm(ctx, root, out)
	if err != nil {
		return nil, err
	}
	return &Helm{binary: binary, home: filepath.Join(root, ".cache", "helm"), Dir: filepath.Join(root, "manifests", "chart")}, nil
}

// Run runs helm and returns what it printed. The error holds what it complained about.
func (h *Helm) Run(ctx context.Context, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, h.binary, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Env = append(os.Environ(),
		"HELM_CACHE_HOME="+h.home, "HELM_CONFIG_HOME="+h.home, "HELM_DATA_HOME="+h.home, "KUBECONFIG="+h.Kubeconfig)
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("helm %s: %w\n%s", args[0], err, stderr.String())
	}
	return stdout.String(), nil
}

// Render returns what would be installed, without a cluster.
func (h *Helm) Render(ctx context.Context, release, namespace string, args ...string) (string, error) {
	return h.Run(ctx, append([]string{"template", release, h.Dir, "--namespace", namespace}, args...)...)
}

// header begins manifests/install.yaml.
const header = `# polymoat with its built-in policy, for those who use kubectl:
#
#   kubectl apply --server-side -f install.yaml
#
# Rendered from the chart in this folder by ` + "`go test ./e2e/chart -update`" + `. The server makes its own certificate.
# For a policy of your own use the chart.
apiVersion: v1
kind: Namespace
metadata:
  name: polymoat-system
  labels:
    app.kubernetes.io/name: polymoat
    app.kubernetes.io/instance: polymoat
    pod-security.kubernetes.io/enforce: restricted
`

// InstallYAML is the text of manifests/install.yaml, or with flags what it would be with other values.
func (h *Helm) InstallYAML(ctx context.Context, flags ...string) (string, error) {
	text, err := h.Render(ctx, "polymoat", "polymoat-system", append([]string{"--set", "certificates.source=self-managed"}, flags...)...)
	if err != nil {
		return "", err
	}
	for strings.Contains(text, "\n\n---") { // what a template leaves behind its last object
		text = strings.ReplaceAll(text, "\n\n---", "\n---")
	}
	return header + validationFirst(strings.TrimSpace(text)) + "\n", nil
}

// validationFirst has what judges come first: kubectl deletes in the order of the file, and runs that nobody places any
// more would be refused.
func validationFirst(text string) string {
	const between = "\n---\n"
	objects := strings.Split(strings.TrimPrefix(text, between[1:]), between)
	slices.SortStableFunc(objects, func(a, b string) int { return rank(a) - rank(b) })
	return between[1:] + strings.Join(objects, between)
}

func rank(object string) int {
	if strings.Contains(object, "\nkind: ValidatingWebhookConfiguration\n") {
		return 0
	}
	return 1
}
