package main

import (
	"context"
	"fmt"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// repository is where the manifests pull the image from.
const repository = "ghcr.io/polymoat/polymoat"

// writeImage writes dist/image, dist/polymoat.tar and the servers in them. It returns the image's name with its digest.
func writeImage(ctx context.Context, s source, dist string) (string, error) {
	images := make([]built, 0, len(imagePlatforms))
	for _, p := range imagePlatforms {
		b, err := buildImage(ctx, s, p)
		if err != nil {
			return "", err
		}
		if err := writeBinary(s, dist, b.server); err != nil {
			return "", err
		}
		images = append(images, b)
	}
	index := indexOf(s, images)
	dir := filepath.Join(dist, "image")
	if _, err := layout.Write(dir, rootOf(s, index, images)); err != nil {
		return "", fmt.Errorf("write %s: %w", dir, err)
	}
	if err := writeTar(s, dir, filepath.Join(dist, "polymoat.tar"), images); err != nil {
		return "", err
	}
	digest, err := index.Digest()
	return fmt.Sprintf("%s:%s@%s", repository, s.version, digest), err
}

// indexOf is the image for all platforms.
func indexOf(s source, images []built) v1.ImageIndex {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, b := range images {
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        b.image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: b.server.platform.os, Architecture: b.server.platform.arch}},
		})
	}
	return mutate.Annotations(index, labels(s)).(v1.ImageIndex)
}

// rootOf is index.json of the layout: the image by name, and the bills of materials, which have none.
func rootOf(s source, index v1.ImageIndex, images []built) v1.ImageIndex {
	root := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), mutate.IndexAddendum{
		Add: index,
		Descriptor: v1.Descriptor{Annotations: map[string]string{
			"org.opencontainers.image.ref.name": s.version,
			"io.containerd.image.name":          repository + ":" + s.version,
		}},
	})
	for _, b := range images {
		root = mutate.AppendManifests(root, mutate.IndexAddendum{Add: b.sbom})
	}
	return root
}
