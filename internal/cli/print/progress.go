package print

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	// unseen is how long a command may take before it says what it is doing.
	unseen = 2 * time.Second
	// tick is how often it says so anew.
	tick = time.Second / 2
)

// Progress says on a terminal what a command is reading, in one line that goes away. A nil one says nothing.
type Progress struct {
	terminal io.Writer
	began    time.Time // when the command began

	mu       sync.Mutex
	resource string
	seen     int
	shown    bool
}

func newProgress(terminal io.Writer) *Progress {
	return &Progress{terminal: terminal, began: time.Now()}
}

// Reading says that objects of a resource are being read until stop is called; one is called for each of them.
func (p *Progress) Reading(resource string) (one, stop func()) {
	if p == nil {
		return func() {}, func() {}
	}
	p.set(resource)
	ticks, ended := time.NewTicker(tick), make(chan struct{})
	go func() {
		for {
			select {
			case <-ended:
				return
			case <-ticks.C:
				p.show()
			}
		}
	}()
	stop = func() {
		ticks.Stop()
		close(ended)
		p.set("")
		p.clear()
	}
	return p.count, stop
}

func (p *Progress) set(resource string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.resource, p.seen = resource, 0
}

func (p *Progress) count() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen++
}

func (p *Progress) show() {
	p.mu.Lock()
	defer p.mu.Unlock()
	took := time.Since(p.began)
	if took < unseen || p.resource == "" {
		return
	}
	_, _ = fmt.Fprintf(p.terminal, "\r\x1b[Kreading %s: %d so far, %ds", p.resource, p.seen, int(took.Seconds()))
	p.shown = true
}

// clear takes the line away.
func (p *Progress) clear() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wipe()
}

// wipe is clear where the lock is held.
func (p *Progress) wipe() {
	if p.shown {
		_, _ = io.WriteString(p.terminal, "\r\x1b[K")
		p.shown = false
	}
}

// beside is a writer to the same terminal: the line goes away before it writes, and does not come while it does.
func (p *Progress) beside(out io.Writer) io.Writer { return besideProgress{out, p} }

type besideProgress struct {
	io.Writer
	*Progress
}

func (b besideProgress) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wipe()
	return b.Writer.Write(text)
}

type progressKey struct{}

// WithProgress has what is read under the context be told of by p.
func WithProgress(ctx context.Context, p *Progress) context.Context {
	return context.WithValue(ctx, progressKey{}, p)
}

// ProgressOf is the one that WithProgress set; nil where there is none.
func ProgressOf(ctx context.Context) *Progress {
	p, _ := ctx.Value(progressKey{}).(*Progress)
	return p
}
