package binaries

import (
	"context"
	"io"
	"path/filepath"
)

// Polymoat builds the server from the checkout and returns its file. The go command makes a second build instant.
func Polymoat(ctx context.Context, root string) (string, error) {
	return polymoat(ctx, root, "polymoat")
}

// PolymoatOf builds the server as that of a version: "v0.1.0". It differs from others in nothing but what it says of itself.
func PolymoatOf(ctx context.Context, root, version string) (string, error) {
	return polymoat(ctx, root, "polymoat-"+version, "-ldflags", "-X github.com/polymoat/polymoat/internal/build.version="+version)
}

// polymoat builds while nobody else does: a program that runs must not be written to.
func polymoat(ctx context.Context, root, name string, flags ...string) (string, error) {
	dir := filepath.Join(root, ".cache", "e2e")
	locked, err := lock(ctx, dir, io.Discard)
	if err != nil {
		return "", err
	}
	defer func() { _ = locked.Close() }()
	path := filepath.Join(dir, name)
	_, err = goTool(ctx, root, append(append([]string{"build", "-trimpath", "-o", path}, flags...), "./cmd/polymoat")...)
	return path, err
}
