package binaries

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/polymoat/polymoat/e2e/filelock"
)

// lock makes a folder and waits for the lock on it, so that two processes never build the same thing at once.
func lock(ctx context.Context, dir string, out io.Writer) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "lock")
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for waited := false; ; waited = true {
		file, err := filelock.Try(path)
		if !errors.Is(err, filelock.ErrHeld) {
			return file, err
		}
		if !waited {
			fmt.Fprintln(out, "another process builds in "+dir+": waiting for it")
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for %s: %w", path, ctx.Err())
		case <-tick.C:
		}
	}
}
