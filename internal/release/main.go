// Command release makes what is published of polymoat, out of a checkout and Go modules alone: no container engine, no
// base image. The same commit and the same Go give the same bytes, on every machine.
//
//	image   dist/image, an OCI layout for linux/amd64 and linux/arm64; the same as dist/polymoat.tar for `docker load`
//	        and `ctr images import`; and the binaries of which it was made
//	all     that, the plugin's archives, notes.md, and of a tag polymoat.yaml, the manifest for krew
//
// Beside each binary and archive lies a bill of materials, and checksums.txt sums them all.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
)

const usage = "say what to make: image or all"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) != 1 || args[0] != "image" && args[0] != "all" {
		return errors.New(usage)
	}
	s, err := describe(ctx, ".")
	if err != nil {
		return err
	}
	// A folder of one version: a file of the version before would be summed, and uploaded, with these.
	dist := filepath.Join(s.root, "dist")
	if err := os.RemoveAll(dist); err != nil {
		return err
	}
	if err := os.Mkdir(dist, 0o755); err != nil {
		return err
	}
	return release(ctx, s, dist, args[0] == "all", out)
}

// release makes everything, or the image alone. The notes come first: a tag without them is found before minutes of building.
func release(ctx context.Context, s source, dist string, all bool, out io.Writer) error {
	if all {
		if err := writeNotes(s, dist); err != nil {
			return err
		}
	}
	name, err := writeImage(ctx, s, dist)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, name)
	if all {
		if err := writeArchives(ctx, s, dist, pluginPlatforms); err != nil {
			return err
		}
		if err := writeKrew(s, dist, pluginPlatforms); err != nil {
			return err
		}
	}
	return writeChecksums(dist)
}
