package cluster

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain holds that nothing goes on running which a test has started.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
