package cluster

import "syscall"

// childAttributes make a child end with its parent, even one that is killed, and keep Ctrl-C for the parent, which
// stops its children in order.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
