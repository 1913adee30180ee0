package certs

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain holds that nothing goes on running which a test has started. A pair is watched from when it is opened, and many
// tests only look at it: Start ends that, as the tests of the server show.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/fsnotify/fsnotify.(*inotify).readEvents"))
}
