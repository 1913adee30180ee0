package cluster

import "syscall"

// ChildAttributes make a child end with its parent, even one that is killed, and keep Ctrl-C for the parent, which
// stops its children in order.
func ChildAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
