package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/polymoat/polymoat/e2e/filelock"
)

// home is the folder of the cluster that up keeps. Its lock is held while the cluster runs, and names the process.
type home string

func homeOf(root string) home          { return home(filepath.Join(root, ".cache", "demo")) }
func (h home) file(name string) string { return filepath.Join(string(h), name) }
func (h home) kubeconfig() string      { return h.file("kubeconfig") }
func (h home) tenant() string          { return h.file("tenant.kubeconfig") }
func (h home) lock() (*os.File, error) { return filelock.Try(h.file("lock")) }
func (h home) exists(file string) bool { _, err := os.Stat(file); return err == nil }

// up starts a process that keeps the cluster, unless there is one, and says how to use it.
func up(p playground) command {
	return func(ctx context.Context, root string, out io.Writer) error { return bring(ctx, root, p, out) }
}

func bring(ctx context.Context, root string, p playground, out io.Writer) error {
	h := homeOf(root)
	if err := os.MkdirAll(string(h), 0o755); err != nil {
		return err
	}
	lock, err := h.lock()
	switch {
	case errors.Is(err, filelock.ErrHeld) && (p != playground{} || os.Getenv("K8S") != ""):
		return errors.New("the cluster is up already; to give it feature gates, the twin or another Kubernetes, stop it first: make down")
	case errors.Is(err, filelock.ErrHeld):
		fmt.Fprintln(out, "The cluster is up already.")
	case err != nil:
		return err
	default:
		if err := errors.Join(lock.Close(), launch(ctx, root, p, h, out)); err != nil {
			return err
		}
	}
	return usage(h, out)
}

// launch builds what is missing where it can be watched, and leaves `demo keep` running.
func launch(ctx context.Context, root string, p playground, h home, out io.Writer) error {
	if _, _, err := build(ctx, root, out); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := os.Create(h.file("log"))
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	args := []string{"keep", p.gates}
	if p.twin {
		args = append(args, "twin")
	}
	cmd := exec.Command(self, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = root, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // it outlives this terminal
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return h.awaitUp(ctx, ended)
}

// awaitUp waits for the kubeconfig, which keep writes last.
func (h home) awaitUp(ctx context.Context, ended <-chan error) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !h.exists(h.kubeconfig()) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-ended:
			text, _ := os.ReadFile(h.file("log"))
			return fmt.Errorf("the cluster did not start: %w\n%s", err, text)
		case <-tick.C:
		}
	}
	return nil
}

func usage(h home, out io.Writer) error {
	_, err := fmt.Fprintf(out, `A control plane runs with polymoat or its twin installed; kwok plays the nodes.

  export KUBECONFIG=%s      # administrator
  kubectl get nodes -L polyaxon
  kubectl create --context tenant --dry-run=server -o yaml -f e2e/testdata/dryrun/train.yaml
  kubectl create --context tenant -f e2e/testdata/attempts/1-select-core.yaml

The tenant has full rights on the namespace polyaxon; a kubeconfig of its own lies in
%s. Logs: %s. Stop it with: make down
`, h.kubeconfig(), h.tenant(), h.file("cluster"))
	return err
}
