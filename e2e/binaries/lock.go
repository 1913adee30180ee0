package binaries

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/polymoat/polymoat/e2e/filelock"
)

// lock waits for the lock on a file, so that two processes never build the same thing at once.
func lock(ctx context.Context, path string, out io.Writer) (*os.File, error) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for waited := false; ; waited = true {
		file, err := filelock.Try(path)
		if !errors.Is(err, filelock.ErrHeld) {
			return file, err
		}
		if !waited {
			fmt.Fprintln(out, "another process builds the control plane: waiting for it")
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for %s: %w", path, ctx.Err())
		case <-tick.C:
		}
	}
}
