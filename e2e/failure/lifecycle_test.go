package failure_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// otherUser are the defaults of the built-in policy, with another uid.
const otherUser = "{podSecurityContext: {runAsUser: 3333, runAsGroup: 2222, fsGroup: 2222, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}}"

// TestLifecycle installs, upgrades, changes the policy, takes all of that back, and uninstalls in both orders, while runs
// are created all the time. None is refused, except where no server is there to ask, and nothing is left.
func TestLifecycle(t *testing.T) {
	before, l := inventory(t), startLoad(t)
	r := newRelease(t)
	l.awaitMore(t, 100)
	step := func(name string, placed bool, do func(t *testing.T), check func(*testing.T, []string)) {
		t.Run(name, func(t *testing.T) { check(t, l.during(t, placed, func() { do(t) })) })
	}
	onlyWaits := func(t *testing.T, refusals []string) { r.onlyWaits(t, refusals) }
	step("install", false, func(t *testing.T) { r.install(t) }, onlyWaits)
	step("run", true, func(*testing.T) {}, none)
	step("upgrade", true, func(t *testing.T) {
		must(t, r.apply("--set=extraArgs={--log-level=debug}"))
		r.roll()
	}, none)
	step("another policy", true, func(t *testing.T) {
		must(t, r.apply(policyValues(t, "    release: polyaxon\n", "    release: polyaxon\n    defaults: "+otherUser+"\n")))
		r.roll()
		runsAs(t, 3333)
	}, none)
	step("a policy that helm refuses", true, func(t *testing.T) { r.refusedByHelm(t) }, none)
	step("a policy that the server refuses", true, func(t *testing.T) { r.refusedByServer(t) }, none)
	step("downgrade", true, func(t *testing.T) {
		r.run("rollback", "1")
		r.roll()
		runsAs(t, 2222)
	}, none)
	step("uninstall, configurations first", false, func(t *testing.T) {
		r.run("uninstall")
		r.retire()
	}, none)
	step("install again", false, func(t *testing.T) { r.install(t) }, onlyWaits)
	step("uninstall, servers first", false, func(t *testing.T) {
		must(t, as(t, cluster.Admin).Delete(t.Context(), r.deployment(), client.PropagationPolicy("Background")))
		r.retire()
		r.awaitAway(t)
		r.run("uninstall")
		await(t, "runs that go on", func() error { return createRun(t) })
	}, onlyWaits)
	none(t, l.during(t, false, func() {}))
	l.stop()
	nothingLeft(t, before)
}

// install installs, and returns when runs are placed.
func (r *release) install(t *testing.T) {
	t.Helper()
	must(t, r.apply())
	r.roll()
	await(t, "a run that is placed", func() error { return placed(t) })
}

// waits is what whoever creates a run reads while no replica is there to ask.
func (r *release) waits(webhook, path, why string) string {
	return fmt.Sprintf(`Internal error occurred: failed calling webhook "%s.polymoat.io": failed to call webhook: Post "%s/%s?timeout=5s": %s`,
		webhook, r.service.url(), path, why)
}

// nobody is why a review is not answered where the Service has no endpoint.
func (r *release) nobody() string {
	return "dial tcp " + r.service.address + ": connect: connection refused"
}

// awaitAway waits until the API server says that no replica is there.
func (r *release) awaitAway(t *testing.T) {
	t.Helper()
	want := r.waits("validate", "validate", r.nobody())
	await(t, want, func() error {
		if err := createRun(t); err == nil || err.Error() != want {
			return fmt.Errorf("got %w", err)
		}
		return nil
	})
}

// onlyWaits: what was refused was refused because no replica was there, or none yet whose certificate is trusted; or
// because the first one came between placement and validation.
func (r *release) onlyWaits(t *testing.T, refusals []string) {
	t.Helper()
	waits := regexp.MustCompile("^" + regexp.QuoteMeta(r.waits("validate", "validate", "")) +
		`(EOF|dial tcp .+: connect: connection refused|tls: failed to verify certificate: x509: certificate signed by unknown authority)$`)
	inFlight(t, r, slices.DeleteFunc(refusals, waits.MatchString))
}

// answered is within how long whoever creates a run has an answer: two webhooks wait for five seconds each, and a busy
// machine takes its time.
const answered = 20 * time.Second

// createRun creates a run by dry-run, and says why it was refused.
func createRun(t *testing.T) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), answered)
	defer cancel()
	return as(t, cluster.Tenant).Create(ctx, train(t), client.DryRunAll)
}

// runsAs waits until runs get a uid.
func runsAs(t *testing.T, uid int64) {
	t.Helper()
	await(t, fmt.Sprintf("runs with uid %d", uid), func() error {
		pod := train(t)
		if err := as(t, cluster.Tenant).Create(t.Context(), pod, client.DryRunAll); err != nil {
			return err
		}
		if c := pod.Spec.SecurityContext; c == nil || ptr.Deref(c.RunAsUser, 0) != uid {
			return errors.New("they have another")
		}
		return nil
	})
}
