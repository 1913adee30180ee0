package binaries

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"
)

// helmModule pins helm, away from the product and from the control plane: they need other versions of what it needs.
const helmModule = "e2e/helm"

var helm = program{"helm", "helm.sh/helm/v4/cmd/helm", "helm.sh/helm/v4", 2 * time.Minute}

// Helm returns the file of helm, in the version that e2e/helm/go.mod names, and builds it where it is missing, with
// progress on out. root is the repository's root; see Root.
func Helm(ctx context.Context, root string, out io.Writer) (string, error) {
	module := filepath.Join(root, helmModule)
	versions, err := readVersions(filepath.Join(module, "go.mod"), helm)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, ".cache", "helm", fmt.Sprintf("%s-%s", versions[helm.module], platform))
	path := filepath.Join(dir, helm.name)
	if isFile(path) {
		return path, nil
	}
	locked, err := lock(ctx, dir, out)
	if err != nil {
		return "", err
	}
	defer func() { _ = locked.Close() }()
	if isFile(path) { // built while we waited
		return path, nil
	}
	b := builder{module: module, dir: dir, versions: versions, out: out}
	return path, b.buildOne(ctx, "helm "+versions.of(helm), helm)
}
