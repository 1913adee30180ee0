package binaries

import (
	"context"
	"path/filepath"
)

// Polymoat builds the server from the checkout, as it is released, and returns its file. The go command makes a second
// build instant.
func Polymoat(ctx context.Context, root string) (string, error) {
	path := filepath.Join(root, ".cache", "e2e", "polymoat")
	_, err := goTool(ctx, root, "build", "-trimpath", "-tags", "grpcnotrace", "-o", path, "./cmd/polymoat")
	return path, err
}
