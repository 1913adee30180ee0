package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/e2e/filelock"
)

// keep runs the cluster until it is told to end, or until one of its processes does.
func keep(gates string) command {
	return func(ctx context.Context, root string, out io.Writer) error { return hold(ctx, root, gates, out) }
}

func hold(ctx context.Context, root, gates string, out io.Writer) error {
	h := homeOf(root)
	lock, err := h.lock()
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	if err := errors.Join(lock.Truncate(0), h.clean()); err != nil {
		return err
	}
	if _, err := fmt.Fprint(lock, os.Getpid()); err != nil {
		return err
	}
	c, err := start(ctx, root, h.file("cluster"), gates, out)
	if err != nil {
		return err
	}
	defer c.Stop()
	if err := h.publish(c); err != nil {
		return err
	}
	<-c.Done()
	fmt.Fprintln(out, "ends:", c.Err())
	c.Stop()
	return h.clean()
}

// publish writes the kubeconfigs. The administrator's comes last and whole: it says that the cluster is up.
func (h home) publish(c *cluster.Cluster) error {
	part := h.kubeconfig() + ".part"
	return errors.Join(
		c.WriteKubeconfig(h.tenant(), cluster.Tenant),
		c.WriteKubeconfig(part, cluster.Admin, cluster.Tenant),
		os.Rename(part, h.kubeconfig()),
	)
}

// clean removes what an earlier cluster left.
func (h home) clean() error {
	return errors.Join(os.RemoveAll(h.kubeconfig()), os.RemoveAll(h.tenant()), os.RemoveAll(h.file("cluster")))
}

// down ends the process that keeps the cluster, and removes its files.
func down(ctx context.Context, root string, out io.Writer) error {
	h := homeOf(root)
	if !h.exists(h.file("lock")) {
		fmt.Fprintln(out, "Nothing runs.")
		return nil
	}
	if err := h.end(ctx); err != nil {
		return err
	}
	fmt.Fprintln(out, "Stopped.")
	return os.RemoveAll(string(h))
}

// end asks the process that holds the lock to end, and waits until it has let go. A number in the file alone proves
// nothing: it may have become another process's.
func (h home) end(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for asked := false; ; asked = true {
		lock, err := h.lock()
		if err == nil {
			return lock.Close()
		}
		if !errors.Is(err, filelock.ErrHeld) {
			return err
		}
		if !asked {
			if err := h.ask(); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the cluster to stop: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// ask sends SIGTERM to the process that holds the lock.
func (h home) ask() error {
	text, err := os.ReadFile(h.file("lock"))
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("read %s: %w", h.file("lock"), err)
	}
	return syscall.Kill(pid, syscall.SIGTERM)
}
