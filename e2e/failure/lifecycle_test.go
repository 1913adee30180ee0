package failure_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/chart"
	"github.com/polymoat/polymoat/e2e/cluster"
)

// otherUser are the defaults of the built-in policy, with another uid.
const otherUser = "podSecurityContext: {runAsUser: 3333, runAsGroup: 2222, fsGroup: 2222, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}"

// failOpen is the first of the two steps in which polymoat is installed beside a Polyaxon that runs.
const failOpen = "--set=failurePolicy=Ignore"

// lifecycle takes an installation through its steps while runs are created all the time.
type lifecycle struct {
	*release
	t    *testing.T
	load *load
}

// step does something, and checks what was refused meanwhile. placed: whoever is not refused must have been placed.
func (l lifecycle) step(name string, placed bool, do func(*testing.T), check func(*testing.T, []string)) {
	l.t.Helper()
	l.t.Run(name, func(t *testing.T) { check(t, l.load.during(t, placed, func() { do(t) })) })
}

// TestLifecycle installs, upgrades, changes the policy, takes all of that back, and uninstalls in both orders, while runs
// are created all the time. None is refused but those that manifests/README.md names, and nothing is left.
func TestLifecycle(t *testing.T) {
	before, newer := inventory(t), filepath.Join(t.TempDir(), "chart")
	must(t, chart.Release(helm.Dir, newer, next))
	l := lifecycle{newRelease(t), t, startLoad(t)}
	l.load.awaitMore(t, 100)
	l.step("install, fail open", false, func(t *testing.T) { l.install(t, failOpen, "--wait") }, none)
	l.step("install, fail closed", true, func(t *testing.T) {
		must(t, l.apply())
		failsClosed(t)
	}, none)
	l.step("upgrade", true, func(*testing.T) { l.become(newer) }, none)
	l.step("another policy", true, func(t *testing.T) {
		must(t, l.apply(policyValues(t, "    defaults:\n", "    defaults:\n      "+otherUser+"\n")))
		l.roll()
		runsAs(t, 3333)
	}, none)
	l.step("a policy that helm refuses", true, func(t *testing.T) { l.refusedByHelm(t) }, none)
	l.step("a policy that the server refuses", true, func(t *testing.T) { l.refusedByServer(t) }, none)
	l.step("downgrade", true, func(t *testing.T) {
		l.become(helm.Dir)
		runsAs(t, 2222)
	}, none)
	l.step("uninstall, configurations first", false, func(*testing.T) {
		l.run("uninstall")
		l.retire()
		l.awaitEnds()
	}, onlyUnplaced)
	l.step("install in one step", false, func(t *testing.T) { l.install(t) }, l.onlyWaits)
	l.step("uninstall, servers first", false, func(t *testing.T) {
		must(t, as(t, cluster.Admin).Delete(t.Context(), l.deployment(), client.PropagationPolicy("Background")))
		l.retire()
		l.awaitEnds()
		l.awaitAway(t)
		l.run("uninstall")
		await(t, "runs that go on", func() error { return createRun(t) })
	}, l.onlyWaits)
	none(t, l.load.during(t, false, func() {}))
	l.load.stop()
	nothingLeft(t, before)
}

// become installs the chart of another folder over what is installed, newer or older.
func (r *release) become(chartDir string) {
	r.t.Helper()
	r.chart = chartDir
	must(r.t, r.apply())
	r.roll()
	version, err := chart.Version(chartDir)
	must(r.t, err)
	r.runs(version)
}

// failsClosed: what judges runs and their workloads is called or they wait.
func failsClosed(t *testing.T) {
	t.Helper()
	var c admissionregistrationv1.ValidatingWebhookConfiguration
	must(t, as(t, cluster.Admin).Get(t.Context(), client.ObjectKey{Name: "polymoat"}, &c))
	got := map[string]admissionregistrationv1.FailurePolicyType{}
	for _, w := range c.Webhooks {
		got[w.Name] = *w.FailurePolicy
	}
	want := map[string]admissionregistrationv1.FailurePolicyType{
		"validate.polymoat.io": admissionregistrationv1.Fail, "workloads.polymoat.io": admissionregistrationv1.Fail, "core.polymoat.io": admissionregistrationv1.Ignore,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("failure policies (-want +got):\n%s", diff)
	}
}

// install installs with flags, and returns when runs are placed by servers of the chart's version.
func (r *release) install(t *testing.T, flags ...string) {
	t.Helper()
	must(t, r.apply(flags...))
	r.serve(t)
}

// serve starts what is installed, and returns when runs are placed by servers of the chart's version.
func (r *release) serve(t *testing.T) {
	t.Helper()
	r.roll()
	version, err := chart.Version(r.chart)
	must(t, err)
	r.runs(version)
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

// onlyUnplaced: helm removes both configurations in one breath, what judges first. An API server that is late to hear of
// that one asks about runs that were on their way, and that nobody was asked to place any more.
func onlyUnplaced(t *testing.T, refusals []string) {
	t.Helper()
	none(t, slices.DeleteFunc(slices.Clone(refusals), regexp.MustCompile(unplaced).MatchString))
	if len(refusals) > creators {
		t.Errorf("%d runs were refused, more than were on their way", len(refusals))
	}
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
