package print

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// What takes over two seconds is told of on a terminal, in a line that is gone before anything else is written.
func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var terminal strings.Builder
		p := newProgress(&terminal)
		out := p.beside(&terminal)
		one, stop := p.Reading("pods")
		one()
		time.Sleep(1900 * time.Millisecond)
		synctest.Wait()
		if got := terminal.String(); got != "" {
			t.Errorf("before two seconds it says %q", got)
		}
		one()
		time.Sleep(200 * time.Millisecond)
		synctest.Wait()
		_, err := out.Write([]byte("a finding\n"))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		stop()
		_, stop = p.Reading("nodes")
		stop()
		const want = "\r\x1b[Kreading pods: 2 so far, 2s\r\x1b[Ka finding\n" +
			"\r\x1b[Kreading pods: 2 so far, 2s\r\x1b[Kreading pods: 2 so far, 3s\r\x1b[K"
		if got := terminal.String(); got != want {
			t.Errorf("got %q\nwant %q", got, want)
		}
	})
}

// A command whose standard error is no terminal is silent.
func TestNoProgressWithoutTerminal(t *testing.T) {
	var out strings.Builder
	if c := NewConsole(&out, &out); c.Progress != nil {
		t.Error("a file is told of progress")
	}
	one, stop := ProgressOf(t.Context()).Reading("pods")
	one()
	stop()
}
