package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// plugin is the program of cmd/ that people run.
const plugin = "kubectl-polymoat"

// pluginPlatforms are those of the machines that people run kubectl on.
var pluginPlatforms = []platform{
	{"linux", "amd64"}, {"linux", "arm64"},
	{"darwin", "amd64"}, {"darwin", "arm64"},
	{"windows", "amd64"}, {"windows", "arm64"},
}

// file is one file of an archive.
type file struct {
	name    string
	mode    int64
	content []byte
}

// base is what the files made of a binary are called: "kubectl-polymoat_v0.1.0_linux_amd64".
func base(s source, b binary) string {
	return fmt.Sprintf("%s_%s_%s_%s", b.name, s.version, b.platform.os, b.platform.arch)
}

// writeBinary writes a binary as it is, and its bill of materials.
func writeBinary(s source, dist string, b binary) error {
	if err := os.WriteFile(filepath.Join(dist, base(s, b)), b.bytes, 0o755); err != nil {
		return err
	}
	return writeSBOM(s, dist, b)
}

func writeSBOM(s source, dist string, b binary) error {
	bill, err := sbom(s, b)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dist, base(s, b)+".cdx.json"), bill, 0o644)
}

// writeArchives writes the plugin with its licence: a zip for Windows, a tar.gz for the others, as kubectl's own
// plugin managers expect them.
func writeArchives(ctx context.Context, s source, dist string, platforms []platform) error {
	licence, err := os.ReadFile(filepath.Join(s.root, "LICENSE"))
	if err != nil {
		return err
	}
	for _, p := range platforms {
		b, err := compile(ctx, s, plugin, p)
		if err != nil {
			return err
		}
		if err := writeArchive(s, dist, b, file{"LICENSE", 0o644, licence}); err != nil {
			return err
		}
		if err := writeSBOM(s, dist, b); err != nil {
			return err
		}
	}
	return nil
}

func writeArchive(s source, dist string, b binary, licence file) error {
	archive := tarGz
	if b.platform.os == "windows" {
		archive = zipped
	}
	content, err := archive(s, []file{{pluginFile(b.platform), 0o755, b.bytes}, licence})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dist, archiveName(s, b.platform)), content, 0o644)
}

// archiveName is the file in dist that holds the plugin for a platform.
func archiveName(s source, p platform) string {
	suffix := ".tar.gz"
	if p.os == "windows" {
		suffix = ".zip"
	}
	return base(s, binary{name: plugin, platform: p}) + suffix
}

// pluginFile is what the plugin is called in its archive.
func pluginFile(p platform) string {
	if p.os == "windows" {
		return plugin + ".exe"
	}
	return plugin
}

func tarGz(s source, files []file) ([]byte, error) {
	var out bytes.Buffer
	zw := gzip.NewWriter(&out)
	w := tar.NewWriter(zw)
	for _, f := range files {
		if err := entry(s, w, f); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	err := zw.Close()
	return out.Bytes(), err
}

func zipped(s source, files []file) ([]byte, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range files {
		header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: s.date}
		header.SetMode(os.FileMode(f.mode))
		part, err := w.CreateHeader(header)
		if err != nil {
			return nil, err
		}
		if _, err := part.Write(f.content); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return out.Bytes(), err
}
