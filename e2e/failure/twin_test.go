package failure_test

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"testing"

	"k8s.io/client-go/kubernetes"

	"github.com/polymoat/polymoat/e2e"
	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// The outage is as long as these runs take; a minute is 6000 at a hundred a second.
var outage = flag.Int64("outage", 1000, "how many runs are created while all replicas are down and the native twin is there")

// allReplicasAreDownBesideTwin: with the native twin, and failurePolicy Ignore, no run is refused and each is placed.
// Without MutatingAdmissionPolicies, below 1.36, nobody gets as far as that.
func allReplicasAreDownBesideTwin(t *testing.T, s *site) {
	if control.Lack(cluster.Twin) != nil {
		noTwinIsReliedOn(t, s)
		return
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

// noTwinIsReliedOn: the chart says that the API server has no MutatingAdmissionPolicies, and changes nothing: runs wait
// while all replicas are down.
func noTwinIsReliedOn(t *testing.T, s *site) {
	t.Helper()
	discovery, err := kubernetes.NewForConfig(control.As(cluster.Admin))
	must(t, err)
	server, err := discovery.ServerVersion()
	must(t, err)
	want := fmt.Sprintf("native.installed: Kubernetes %s serves no MutatingAdmissionPolicies, so the native twin cannot be there: it needs 1.36; set it to false", server.GitVersion)
	if err := s.apply("--set=failurePolicy=Ignore,native.installed=true"); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("helm: got %v, want %s", err, want)
	}
	s.killReplicas()
	s.runsWait(t)
	s.startReplicas()
	s.placesRuns(t)
	awaitReady(t, s.replicas...)
}
