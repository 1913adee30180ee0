package binaries

import (
	"context"
	"io"
	"path/filepath"
)

// Polymoat builds the server from the checkout, as it is released, and returns its file. The go command makes a second
// build instant.
func Polymoat(ctx context.Context, root string) (string, error) {
	return command(ctx, root, "polymoat", "polymoat")
}

// PolymoatOf builds the server as that of a version: "v0.1.0". It differs from others in nothing but what it says of itself.
func PolymoatOf(ctx context.Context, root, version string) (string, error) {
	return command(ctx, root, "polymoat", "polymoat-"+version, "-ldflags", "-X github.com/polymoat/polymoat/internal/build.version="+version)
}

// Plugin builds the kubectl plugin, as Polymoat does the server.
func Plugin(ctx context.Context, root string) (string, error) {
	return command(ctx, root, "kubectl-polymoat", "kubectl-polymoat")
}

// command builds while nobody else does: a program that runs must not be written to.
func command(ctx context.Context, root, name, file string, flags ...string) (string, error) {
	dir := filepath.Join(root, ".cache", "e2e")
	locked, err := lock(ctx, dir, io.Discard)
	if err != nil {
		return "", err
	}
	defer func() { _ = locked.Close() }()
	path := filepath.Join(dir, file)
	_, err = goTool(ctx, root, append(append([]string{"build", "-trimpath", "-tags", "grpcnotrace", "-o", path}, flags...), "./cmd/"+name)...)
	return path, err
}
