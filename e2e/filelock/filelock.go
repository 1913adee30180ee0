// Package filelock locks files between processes. The kernel releases a lock when its holder ends, however it ends.
package filelock

import (
	"errors"
	"os"
	"syscall"
)

// ErrHeld says that another process holds the lock.
var ErrHeld = errors.New("held by another process")

// Try takes an exclusive lock on a file, which it makes where it is missing. Closing the file releases the lock.
// The error is ErrHeld where another process has it.
func Try(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return file, nil
	}
	_ = file.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, ErrHeld
	}
	return nil, err
}
