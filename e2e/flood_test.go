package e2e_test

import (
	"context"
	"flag"
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

var refusals = flag.Int("refusals", 2000, "how many pods TestFloodOfRefusals has refused")

// stray is how much else may come into etcd meanwhile, or is to be told, whatever the number of refusals: what earlier tests
// left to do.
const stray = 50

// eventPrefix is before an outcome in metricsOf.
const eventPrefix = "event: "

// ways to a protected node, and the rule that is counted for each; none for what is malformed.
var ways = []struct {
	rule   string
	change func(*corev1.Pod)
}{
	{"node-name", func(p *corev1.Pod) { p.Spec.NodeName = "core-1" }},
	{"node-pool", func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{"polyaxon": "core"} }},
	{"core-claim", func(p *corev1.Pod) { p.Labels = map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"} }},
	{"", func(p *corev1.Pod) { p.Annotations = map[string]string{"polymoat.io/node-pool": "core"} }},
}

// TestFloodOfRefusals: of thousands of pods that aim at core's nodes, each with an owner of its own, every refusal is
// counted once while the metrics are read all the time, and etcd gets nothing: no event is written about owners that are not there.
func TestFloodOfRefusals(t *testing.T) {
	before, keys := metricsOf(t), keysInEtcd(t)
	scraped := scrapeAllTheTime(t)
	begun := time.Now()
	flood(t, as(t, cluster.Tenant))
	span := time.Since(begun)
	t.Logf("%d refusals in %s, %.0f a minute; metrics were read %d times", *refusals, span.Round(time.Millisecond),
		float64(*refusals)/span.Minutes(), scraped())
	if err := control.Await("events", func(context.Context) error { return allLeftOut(metricsOf(t), before) }); err != nil {
		t.Fatal(err)
	}
	after := metricsOf(t)
	for name, want := range wanted() {
		if got := after[name] - before[name]; got != want {
			t.Errorf("%s: %d are counted, want %d", name, got, want)
		}
	}
	if more := keysInEtcd(t) - keys; more > stray {
		t.Errorf("etcd has %d keys more, at most %d were to be written", more, stray)
	}
	if after["reports"] != before["reports"] {
		t.Errorf("there are %d reports, and were %d", after["reports"], before["reports"])
	}
}

// flood has pods refused, each of an owner of its own.
func flood(t *testing.T, c client.Client) {
	t.Helper()
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(together)
	for i := range *refusals {
		pod := jobPod("")
		pod.GenerateName = "flood-"
		ways[i%len(ways)].change(pod)
		pod.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: "example.com/v1", Kind: "Sweep", Name: fmt.Sprint("sweep-", i), UID: types.UID(fmt.Sprint("sweep-", i)), Controller: ptr.To(true),
		}}
		group.Go(func() error {
			if err := c.Create(ctx, pod); err == nil {
				return fmt.Errorf("pod of %s was let in", pod.OwnerReferences[0].Name)
			}
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

// wanted are the refusals by what the server counts of them.
func wanted() map[string]int {
	n := map[string]int{}
	for i := range *refusals {
		if rule := ways[i%len(ways)].rule; rule == "" {
			n["Invalid"]++
		} else {
			n["Denied"]++
			n[rule]++
		}
	}
	return n
}

// metricsOf are the server's counts that a flood changes: reviews by verdict, decisions by rule, events by outcome.
func metricsOf(t *testing.T) map[string]int {
	t.Helper()
	families, err := scrapeServer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := map[string]int{"reports": total(families, "polymoat_reports")}
	for _, verdict := range []string{"Denied", "Invalid"} {
		n[verdict] = total(families, "polymoat_reviews_total", "webhook", "validate", "dry_run", "false", "verdict", verdict)
	}
	for _, way := range ways[:3] {
		n[way.rule] = total(families, "polymoat_decisions_total", "webhook", "validate", "dry_run", "false", "rule", way.rule, "verdict", "Denied")
	}
	for _, m := range families["polymoat_events_total"].GetMetric() {
		n[eventPrefix+labelsOf(m)["outcome"]] = int(m.GetCounter().GetValue())
	}
	return n
}

// leftOut are the outcomes of refusals whose owner cannot be read, or of which there were too many.
var leftOut = []string{"ownerless", "limited", "overflowed"}

// allLeftOut says what is missing until every refusal was left out. None is counted twice, and yet there may be more: of
// earlier tests a refusal that waited and whose owner is gone by now, and pods in core's place, for whose events the flood
// leaves no room.
func allLeftOut(now, before map[string]int) error {
	all := 0
	for _, outcome := range leftOut {
		all += now[eventPrefix+outcome] - before[eventPrefix+outcome]
	}
	if all < *refusals || all > *refusals+stray {
		return fmt.Errorf("of %d refusals %d are left out: %v, after %v", *refusals, all, now, before)
	}
	return nil
}

// scrapeAllTheTime reads the metrics until its result is called, which says how often that was. Nothing counts down.
func scrapeAllTheTime(t *testing.T) (over func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended, times := make(chan struct{}), 0
	go func() {
		defer close(ended)
		for last := 0; ; times++ {
			families, err := scrapeServer(ctx)
			if ctx.Err() != nil {
				return
			}
			now := total(families, "polymoat_reviews_total")
			if err != nil || now < last {
				t.Errorf("after %d reviews there are %d: %v", last, now, err)
				return
			}
			last = now
		}
	}()
	return func() int {
		cancel()
		<-ended
		return times
	}
}

// keysInEtcd is how many there are now.
func keysInEtcd(t *testing.T) int {
	t.Helper()
	families, err := scrape(t.Context(), control.Etcd()+"/metrics")
	if err != nil {
		t.Fatal(err)
	}
	return total(families, "etcd_debugging_mvcc_keys_total")
}
