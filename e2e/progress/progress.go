// Package progress tells whoever waits that something goes on, and for how long.
package progress

import (
	"fmt"
	"io"
	"time"
)

// every is how long somebody waits without a word.
const every = 10 * time.Second

// Watch writes a line every ten seconds until stop is called: "kube-apiserver: 40 s of about 150 s". The estimate is for
// two quiet cores with nothing cached.
func Watch(out io.Writer, what string, estimate time.Duration) (stop func()) {
	began, done, ended := time.Now(), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				fmt.Fprintf(out, "%s: %.0f s of about %.0f s\n", what, time.Since(began).Seconds(), estimate.Seconds())
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}
