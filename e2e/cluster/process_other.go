//go:build !linux

package cluster

import "syscall"

// ChildAttributes keep Ctrl-C for the parent, which stops its children in order.
func ChildAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
