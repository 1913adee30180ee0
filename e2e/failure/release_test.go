package failure_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// release is polymoat as helm installs it, with its replicas on this machine. Everything else of it is real.
type release struct {
	t        *testing.T
	chart    string // its folder
	service  *balancer
	replicas []*replica
	ends     []func() // each waits for the end of a replica that was told to stop
}

// newRelease prepares a release that is removed after the test.
func newRelease(t *testing.T) *release {
	t.Helper()
	r := &release{t: t, chart: helm.Dir, service: newBalancer(t)}
	t.Cleanup(func() { // what is left of a failed test must not fail the others
		_, _ = helm.Run(context.WithoutCancel(t.Context()), "uninstall", "polymoat", "--namespace="+cluster.System, "--ignore-not-found")
	})
	return r
}

// apply installs or upgrades, as manifests/README.md says. Flags come last.
func (r *release) apply(flags ...string) error {
	args := []string{
		"upgrade", "--install", "polymoat", r.chart, "--namespace=" + cluster.System,
		"--set=certificates.source=self-managed,webhookURL=" + r.service.url(),
	}
	_, err := helm.Run(r.t.Context(), append(args, flags...)...)
	return err
}

// runs says of which version every replica must be, by its own word.
func (r *release) runs(version string) {
	r.t.Helper()
	for _, replica := range r.replicas {
		if want := fmt.Sprintf(`"msg":"starting","version":"v%s"`, version); !strings.Contains(replica.says(), want) {
			r.t.Errorf("the server at %s does not say %s:\n%s", replica.address, want, replica.says())
		}
	}
}

// run runs another command of helm's on the release.
func (r *release) run(command string, args ...string) {
	r.t.Helper()
	_, err := helm.Run(r.t.Context(), append([]string{command, "polymoat", "--namespace=" + cluster.System}, args...)...)
	must(r.t, err)
}

func (r *release) deployment() *appsv1.Deployment {
	r.t.Helper()
	d := &appsv1.Deployment{}
	must(r.t, as(r.t, cluster.Admin).Get(r.t.Context(), client.ObjectKey{Namespace: cluster.System, Name: "polymoat"}, d))
	return d
}

// roll does what the Deployment's strategy says, maxUnavailable 0 and maxSurge 1: a new replica, and when it is ready an
// old one less. There are none at first. The last words of the old ones are for the steps that follow, as in a cluster.
func (r *release) roll() {
	r.t.Helper()
	d, old := r.deployment(), r.replicas
	r.replicas = nil
	for range ptr.Deref(d.Spec.Replicas, 1) {
		fresh := newReplica(r.t, d)
		r.replicas = append(r.replicas, fresh)
		r.service.replace(append(append([]*replica{}, r.replicas...), old...))
		awaitReady(r.t, fresh)
		if i := len(r.replicas) - 1; i < len(old) {
			r.ends = append(r.ends, old[i].retire())
		}
	}
}

// retire tells all replicas to stop, as the end of the Deployment does.
func (r *release) retire() {
	r.t.Helper()
	for _, replica := range r.replicas {
		r.ends = append(r.ends, replica.retire())
	}
	r.replicas = nil
}

// awaitEnds waits for the end of all replicas that were told to stop.
func (r *release) awaitEnds() {
	r.t.Helper()
	for _, ended := range r.ends {
		ended()
	}
	r.ends = nil
}
