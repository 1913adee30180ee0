package cluster

import (
	"fmt"
	"slices"
)

// Programs are those of the control plane, in the order in which they start.
var Programs = []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"}

// Kill ends a program of the control plane without warning, as a power cut does: "kube-apiserver". The cluster goes on.
func (c *Cluster) Kill(program string) error {
	p, err := c.find(program)
	if err != nil {
		return err
	}
	p.killed.Store(true)
	if err := p.cmd.Process.Kill(); err != nil {
		return fmt.Errorf("kill %s: %w", program, err)
	}
	<-p.ended
	return nil
}

// Revive starts a program that was killed, with its flags and what it has stored.
func (c *Cluster) Revive(program string) error {
	p, err := c.find(program)
	if err != nil {
		return err
	}
	c.processes = slices.DeleteFunc(c.processes, func(other *process) bool { return other == p })
	return c.run(p.cmd.Path, p.cmd.Args[1:]...)
}

func (c *Cluster) find(program string) (*process, error) {
	i := slices.IndexFunc(c.processes, func(p *process) bool { return p.name == program })
	if i < 0 {
		return nil, fmt.Errorf("there is no %s", program)
	}
	return c.processes[i], nil
}
