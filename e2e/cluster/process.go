package cluster

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// grace is how long a process may take to end before it is killed.
const grace = 10 * time.Second

// process is a running program whose output goes to a log file.
type process struct {
	name, log string
	cmd       *exec.Cmd
	killed    atomic.Bool // by Kill: it ends, and the cluster goes on
	ended     chan struct{}
}

// run starts a program. When it ends by itself, the cluster's context ends with its last words as the cause.
func (c *Cluster) run(path string, args ...string) error {
	p := &process{name: filepath.Base(path), cmd: exec.Command(path, args...), ended: make(chan struct{})}
	p.log = c.file(p.name + ".log")
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644) // a program may run twice
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.SysProcAttr = log, log, ChildAttributes()
	if err := p.cmd.Start(); err != nil {
		return err
	}
	c.processes = append(c.processes, p)
	go func() {
		_ = p.cmd.Wait() // how it ended is in its ProcessState
		close(p.ended)
		if p.killed.Load() {
			return
		}
		c.cancel(fmt.Errorf("%s ended (%s); %s says:\n%s", p.name, p.cmd.ProcessState, p.log, p.lastWords()))
	}()
	return nil
}

// stop ends the process and waits for it.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(grace):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// lastWords are the last lines of the log.
func (p *process) lastWords() string {
	text, _ := os.ReadFile(p.log)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}
