package binaries

import (
	"context"
	"path/filepath"
)

// Polymoat builds the server from the checkout and returns its file. The go command makes a second build instant.
func Polymoat(ctx context.Context, root string) (string, error) {
	return command(ctx, root, "polymoat")
}

// Plugin builds the kubectl plugin, as Polymoat does.
func Plugin(ctx context.Context, root string) (string, error) {
	return command(ctx, root, "kubectl-polymoat")
}

func command(ctx context.Context, root, name string) (string, error) {
	path := filepath.Join(root, ".cache", "e2e", name)
	_, err := goTool(ctx, root, "build", "-trimpath", "-o", path, "./cmd/"+name)
	return path, err
}
