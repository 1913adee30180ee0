package progress_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polymoat/polymoat/e2e/progress"
)

// TestWatch: what is quick says nothing, what takes long says so every ten seconds, and nothing comes after the end.
func TestWatch(t *testing.T) {
	for took, want := range map[time.Duration]string{
		9 * time.Second:  "",
		25 * time.Second: "etcd: 10 s of about 20 s\netcd: 20 s of about 20 s\n",
	} {
		synctest.Test(t, func(t *testing.T) {
			var out strings.Builder
			stop := progress.Watch(&out, "etcd", 20*time.Second)
			time.Sleep(took) // of the test's own clock: nobody waits
			stop()
			time.Sleep(time.Minute)
			if out.String() != want {
				t.Errorf("after %s it said %q, want %q", took, out.String(), want)
			}
		})
	}
}
