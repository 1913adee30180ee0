package main

import (
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
)

// platform is what a binary runs on.
type platform struct{ os, arch string }

func (p platform) String() string { return p.os + "/" + p.arch }

// buildPackage holds the two variables that the linker sets.
const buildPackage = "github.com/polymoat/polymoat/internal/build"

// environment is all that the go command may take from its surroundings and that would show in the binary.
var environment = []string{"CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOEXPERIMENT=", "GOAMD64=v1", "GOARM64=v8.0"}

// tags are those of the Dockerfile and of the Makefile, which says why.
const tags = "grpcnotrace"

// ldflags are those of the Makefile and the Dockerfile.
func ldflags(version, commit string) string {
	return fmt.Sprintf("-s -w -X %[1]s.version=%[2]s -X %[1]s.commit=%[3]s", buildPackage, version, commit)
}

// binary is a program for a platform, in memory: it goes into more than one file.
type binary struct {
	name     string // polymoat
	platform platform
	bytes    []byte
	info     *buildinfo.BuildInfo
}

// sum is the SHA-256 of the binary in hexadecimal digits.
func (b binary) sum() string {
	sum := sha256.Sum256(b.bytes)
	return hex.EncodeToString(sum[:])
}

// compile builds a program of cmd/.
func compile(ctx context.Context, s source, name string, p platform) (binary, error) {
	dir, err := os.MkdirTemp("", "polymoat-release-")
	if err != nil {
		return binary{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, name)
	env := append([]string{"GOOS=" + p.os, "GOARCH=" + p.arch}, environment...)
	// Without -buildvcs: the version of the linker is enough, and the commands that git would run cost more than linking.
	_, err = output(ctx, s.root, env, "go", "build", "-trimpath", "-tags", tags, "-buildvcs=false",
		"-ldflags", ldflags(s.version, s.commit), "-o", path, "./cmd/"+name)
	if err != nil {
		return binary{}, fmt.Errorf("build %s for %s: %w", name, p, err)
	}
	b := binary{name: name, platform: p}
	if b.bytes, err = os.ReadFile(path); err != nil {
		return binary{}, err
	}
	b.info, err = buildinfo.ReadFile(path)
	return b, err
}
