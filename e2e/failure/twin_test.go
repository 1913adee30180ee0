package failure_test

import (
	"context"
	"flag"
	"testing"

	"github.com/polymoat/polymoat/e2e"
	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// The outage is as long as these runs take; a minute is 6000 at a hundred a second.
var outage = flag.Int64("outage", 1000, "how many runs are created while all replicas are down and the native twin is there")

// allReplicasAreDownBesideTwin: with the native twin, and failurePolicy Ignore, no run is refused and each is placed.
func allReplicasAreDownBesideTwin(t *testing.T, s *site) {
	if err := control.Lack(cluster.Twin); err != nil {
		t.Skip(err)
	}
	must(t, e2e.InstallTwin(control, v1alpha1.Default()))
	t.Cleanup(func() {
		must(t, e2e.RemoveTwin(context.WithoutCancel(t.Context()), as(t, cluster.Admin), v1alpha1.Default()))
	})
	must(t, s.apply("--set=failurePolicy=Ignore,native.installed=true"))
	l := startLoad(t)
	none(t, l.during(t, true, func() {
		s.killReplicas()
		l.awaitMore(t, *outage)
		s.startReplicas()
		awaitReady(t, s.replicas...)
	}))
	l.stop()
	must(t, s.apply())
}
