package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// imagePlatforms are those of the nodes that the server may run on.
var imagePlatforms = []platform{{"linux", "amd64"}, {"linux", "arm64"}}

// sbomType is what a registry lists a bill of materials under, and what its content is.
const sbomType types.MediaType = "application/vnd.cyclonedx+json"

// built is the image for one platform, with its bill of materials.
type built struct {
	server      binary
	image, sbom v1.Image
}

func buildImage(ctx context.Context, s source, p platform) (built, error) {
	server, err := compile(ctx, s, "polymoat", p)
	if err != nil {
		return built{}, err
	}
	image, err := imageOf(s, server)
	if err != nil {
		return built{}, err
	}
	bill, err := sbom(s, server)
	if err != nil {
		return built{}, err
	}
	referrer, err := attach(image, bill)
	return built{server, image, referrer}, err
}

// imageOf is an image of one layer with one file in it. No base: the server is static, trusts the CA of its service
// account, and asks nothing else of the world.
func imageOf(s source, server binary) (v1.Image, error) {
	layer, err := layerOf(s, server)
	if err != nil {
		return nil, err
	}
	created := v1.Time{Time: s.date}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.Append(image, mutate.Addendum{
		Layer:   layer,
		History: v1.History{Created: created, CreatedBy: "internal/release: /polymoat"},
	})
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = server.platform.os, server.platform.arch, created
	config.Config = v1.Config{
		// Numeric, so that a kubelet can tell that it is not root.
		User:         "65532:65532",
		Entrypoint:   []string{"/polymoat"},
		ExposedPorts: map[string]struct{}{"9443/tcp": {}},
		WorkingDir:   "/",
		Labels:       labels(s),
	}
	return mutate.ConfigFile(image, config)
}

func labels(s source) map[string]string {
	const prefix = "org.opencontainers.image."
	return map[string]string{
		prefix + "title":    "polymoat",
		prefix + "version":  s.version,
		prefix + "revision": s.commit,
		prefix + "created":  s.date.Format(time.RFC3339),
		prefix + "source":   "https://github.com/polymoat/polymoat",
		prefix + "licenses": "Apache-2.0",
	}
}

func layerOf(s source, server binary) (v1.Layer, error) {
	var content bytes.Buffer
	w := tar.NewWriter(&content)
	if err := entry(s, w, file{server.name, 0o555, server.bytes}); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	opener := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content.Bytes())), nil }
	// Cached, since it is read three times: for its digest, its size and itself.
	return tarball.LayerFromOpener(opener, tarball.WithMediaType(types.OCILayer), tarball.WithCompressionLevel(gzip.DefaultCompression), tarball.WithCompressedCaching)
}

// attach makes an artifact that refers to the image: registries list it beside the image, and pull neither with the other.
func attach(image v1.Image, bill []byte) (v1.Image, error) {
	artifact := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), sbomType)
	artifact, err := mutate.AppendLayers(artifact, static.NewLayer(bill, sbomType))
	if err != nil {
		return nil, err
	}
	subject, err := partial.Descriptor(image)
	if err != nil {
		return nil, err
	}
	return mutate.Subject(artifact, v1.Descriptor{MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size}).(v1.Image), nil
}
