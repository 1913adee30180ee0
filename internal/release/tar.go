package main

import (
	"archive/tar"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// writeTar packs the layout. manifest.json is for Docker's classic store, which reads no index and knows no platforms:
// there each platform has a name of its own.
func writeTar(s source, dir, path string, images []built) error {
	var manifest tarball.Manifest
	for _, b := range images {
		m, err := b.image.Manifest()
		if err != nil {
			return err
		}
		manifest = append(manifest, tarball.Descriptor{
			Config:   blob(m.Config.Digest),
			RepoTags: []string{repository + ":" + s.version + "-" + b.server.platform.arch},
			Layers:   []string{blob(m.Layers[0].Digest)},
		})
	}
	raw, err := json.Marshal(manifest)
	if err != nil {
		return err
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	w := tar.NewWriter(out)
	if err := pack(s, w, dir, raw); err != nil {
		_ = out.Close()
		return fmt.Errorf("write %s: %w", path, err)
	}
	return out.Close()
}

// pack writes the files of a folder in the order of their names, and manifest.json behind them.
func pack(s source, w *tar.Writer, dir string, manifest []byte) error {
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return entry(s, w, file{filepath.ToSlash(name), 0o644, content})
	})
	if err != nil {
		return err
	}
	if err := entry(s, w, file{"manifest.json", 0o644, manifest}); err != nil {
		return err
	}
	return w.Close()
}

// entry writes one file without an owner, with the time of the commit.
func entry(s source, w *tar.Writer, f file) error {
	header := &tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.content)), ModTime: s.date, Typeflag: tar.TypeReg}
	if err := w.WriteHeader(header); err != nil {
		return err
	}
	_, err := w.Write(f.content)
	return err
}

func blob(h v1.Hash) string { return "blobs/" + h.Algorithm + "/" + h.Hex }
