package binaries

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
)

// stages are the files of kwok's module that say how a node becomes ready, and a pod runs, completes and goes away.
var stages = []string{
	"node/fast/node-initialize.yaml",
	"node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
	"pod/fast/pod-ready.yaml",
	"pod/fast/pod-complete.yaml",
	"pod/fast/pod-delete.yaml",
}

// writeStages copies kwok's default stages out of its module into one file.
func (b builder) writeStages(ctx context.Context) error {
	kwok, err := goTool(ctx, b.module, "list", "-m", "-f", "{{.Dir}}", kwokModule)
	if err != nil {
		return err
	}
	var docs [][]byte
	for _, stage := range stages {
		doc, err := os.ReadFile(filepath.Join(kwok, "kustomize", "stage", stage))
		if err != nil {
			return err
		}
		docs = append(docs, doc)
	}
	part := filepath.Join(b.dir, "kwok-stages.yaml.part")
	if err := os.WriteFile(part, bytes.Join(docs, []byte("---\n")), 0o644); err != nil {
		return err
	}
	return os.Rename(part, filepath.Join(b.dir, "kwok-stages.yaml"))
}
