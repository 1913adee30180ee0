package soak_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// The bounds of the replica that stays, however long that is.
const (
	mostMemory     = 160 << 20 // of the 256 MiB that the chart gives it
	mostGrowth     = 32 << 20
	mostGoroutines = 40 // more at the end than at the beginning, by the trend: connections come and go
)

// TestSoak: one replica stays and is watched, the other one is replaced again and again, by turns with the same policy and
// with another. Certificates rotate in between.
func TestSoak(t *testing.T) {
	b := newBalancer(t)
	install(t, b.url)
	policies := []string{writePolicy(t, v1alpha1.DefaultYAML), writePolicy(t, anotherPolicy(t))}
	stays, goes := startReplica(t, "--policy", policies[0]), startReplica(t, "--policy", policies[0])
	b.replace(stays, goes)
	awaitPlaced(t)
	begun, nodes, l, w := time.Now(), startChurn(t), startLoad(t), watch(t, stays)
	var rotations, rollouts int
	for serial := leafOf(t, stays, goes); time.Since(begun) < *span || rollouts < 2; rollouts++ {
		serial = rotate(t, serial, stays, goes)
		rotations++
		fresh := startReplica(t, "--policy", policies[rollouts%len(policies)])
		b.replace(stays, fresh)
		goes.retire(t)
		goes = fresh
		awaitMore(t, l, 200)
	}
	l.stop()
	nodes.stop()
	w.stop()
	seconds := time.Since(begun).Seconds()
	t.Logf("%.0f s: %d requests, %.0f in a second; %d changes of nodes, %.0f in a second; %d rotations, %d replicas replaced",
		seconds, l.sent.Load(), float64(l.sent.Load())/seconds, nodes.changes.Load(), float64(nodes.changes.Load())/seconds, rotations, rollouts)
	failures := append(l.failures, nodes.failures...)
	for _, failure := range failures[:min(5, len(failures))] {
		t.Errorf("one of %d failures: %s", len(failures), failure)
	}
	w.report(t)
}

// report says how the replica that stayed has developed, and refuses growth.
func (w *watched) report(t *testing.T) {
	t.Helper()
	slope, growth := w.memory.slope()
	most := slices.Max(w.memory.values)
	t.Logf("memory: %.1f MiB at most, %+.2f MiB in a minute, %+.2f MiB in all", most/(1<<20), slope/(1<<20), growth/(1<<20))
	if most > mostMemory || growth > mostGrowth {
		t.Errorf("memory is not flat: at most %d MiB, and %d MiB of growth, are allowed", mostMemory>>20, mostGrowth>>20)
	}
	slope, growth = w.goroutines.slope()
	t.Logf("goroutines: %.0f at most, %+.1f in a minute, %+.1f in all", slices.Max(w.goroutines.values), slope, growth)
	if growth > mostGoroutines {
		t.Errorf("goroutines are not flat: a growth of %d is allowed", mostGoroutines)
	}
}

// anotherPolicy decides of the load as the built-in one does.
func anotherPolicy(t *testing.T) string {
	t.Helper()
	const pools = "  nodePools:\n"
	text := strings.Replace(v1alpha1.DefaultYAML, pools, pools+"  - {name: gpu, nodeLabel: {key: polyaxon, value: gpu}}\n", 1)
	if text == v1alpha1.DefaultYAML {
		t.Fatal("the built-in policy has no node pools where they were")
	}
	return text
}

func writePolicy(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	must(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// rotate makes the replicas renew their authority and their certificate, and returns its serial number.
func rotate(t *testing.T, before string, replicas ...*replica) string {
	t.Helper()
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.System, Name: "polymoat-tls"}}
	empty := client.RawPatch(types.MergePatchType, []byte(`{"data":{"tls.crt":""}}`))
	must(t, as(t, cluster.Admin).Patch(t.Context(), secret, empty))
	await(t, "another certificate", func() error {
		for _, r := range replicas {
			serial, err := r.leaf()
			if err != nil {
				return err
			}
			if serial == before {
				return fmt.Errorf("%s still shows %s", r.address, before)
			}
		}
		return nil
	})
	return leafOf(t, replicas...)
}

// leafOf waits until all replicas show one certificate.
func leafOf(t *testing.T, replicas ...*replica) string {
	t.Helper()
	var first string
	await(t, "one certificate on all replicas", func() (err error) {
		if first, err = replicas[0].leaf(); err != nil {
			return err
		}
		for _, r := range replicas[1:] {
			serial, err := r.leaf()
			if err != nil {
				return err
			}
			if serial != first {
				return fmt.Errorf("%s shows %s, another one shows %s", r.address, serial, first)
			}
		}
		return nil
	})
	return first
}

// awaitMore waits until n more requests were sent: so many have met what was changed before.
func awaitMore(t *testing.T, l *load, n int64) {
	t.Helper()
	target := l.sent.Load() + n
	await(t, "requests", func() error {
		if got := l.sent.Load(); got < target {
			return fmt.Errorf("%d of %d were sent", got, target)
		}
		return nil
	})
}
