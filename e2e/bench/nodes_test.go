package bench_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// BenchmarkNodes measures a server in a cluster of 5,000 nodes: when it is ready, counted from the start of the process, and
// the most memory that it takes, its first list of all nodes and reviews at full speed included.
func BenchmarkNodes(b *testing.B) {
	const nodes, together, span = 5000, 8, 10 * time.Second
	install(b)
	if err := control.Kill("kwok"); err != nil { // it would change all of them for minutes
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := control.Revive("kwok"); err != nil {
			b.Error(err)
		}
	})
	makeNodes(b, nodes)
	for b.Loop() {
		start := time.Now()
		// It has a certificate of its own, and so a configuration of its own, which is not there.
		server, err := control.Serve("nodes", cluster.Polymoat{Binary: site.Program, Configuration: "nodes"})
		if err != nil {
			b.Fatal(err)
		}
		ready := time.Since(start)
		first, own := peak(b, server), processorTime(b, server)
		answered := review(b, server, together, span)
		fmt.Fprintf(os.Stdout, "\n%d nodes: ready after %s, of which it had a processor for %s; peak memory %.1f MiB until then, %.1f MiB with %.0f reviews/s\n",
			nodes, ready.Round(10*time.Millisecond), own, first, peak(b, server), float64(answered)/span.Seconds())
		b.ReportMetric(ready.Seconds(), "s/ready")
		b.ReportMetric(own.Seconds(), "cpu-s/ready")
		b.ReportMetric(peak(b, server), "MiB/peak")
	}
}

// makeNodes makes nodes as a cloud has them: with thirty labels, images and conditions.
func makeNodes(b *testing.B, n int) {
	b.Helper()
	c, err := client.New(control.As(cluster.Admin), client.Options{})
	if err != nil {
		b.Fatal(err)
	}
	group, ctx := errgroup.WithContext(b.Context())
	group.SetLimit(8)
	for i := range n {
		group.Go(func() error { return c.Create(ctx, cloudNode(i)) })
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		err := c.DeleteAllOf(context.WithoutCancel(b.Context()), &corev1.Node{}, client.HasLabels{"bench"})
		if err != nil {
			b.Error(err)
		}
	})
}

// cloudNode is cordoned: it is to be counted, not to run anything.
func cloudNode(i int) *corev1.Node {
	pool := []string{"core", "experiments", "builds"}[i%3]
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("ip-10-%d-%d-%d.eu-central-1.compute.internal", i>>16, i>>8&0xff, i&0xff), Labels: map[string]string{}},
		Spec: corev1.NodeSpec{
			Unschedulable: true,
			Taints:        []corev1.Taint{{Key: "polyaxon", Value: pool, Effect: corev1.TaintEffectNoSchedule}},
		},
	}
	labels := node.Labels
	labels["bench"], labels["polyaxon"] = "", pool
	labels["kubernetes.io/hostname"] = node.Name
	labels["topology.kubernetes.io/zone"] = fmt.Sprintf("eu-central-1%c", 'a'+i%3)
	labels["alpha.eksctl.io/instance-id"] = fmt.Sprintf("i-%017x", i)
	for j := len(labels); j < 30; j++ { // nodes of one group have most labels in common
		labels[fmt.Sprintf("node.cloud.example.com/property-%d", j)] = fmt.Sprintf("value-%d", i%12)
	}
	for _, condition := range []corev1.NodeConditionType{corev1.NodeReady, corev1.NodeMemoryPressure, corev1.NodeDiskPressure, corev1.NodePIDPressure} {
		node.Status.Conditions = append(node.Status.Conditions, corev1.NodeCondition{
			Type: condition, Status: corev1.ConditionTrue, Reason: "KubeletTellsSo", Message: "the kubelet says so",
		})
	}
	for j := range 30 {
		name := fmt.Sprintf("registry.example.com/platform/image-%d", j)
		node.Status.Images = append(node.Status.Images, corev1.ContainerImage{
			Names: []string{fmt.Sprintf("%s@sha256:%064x", name, i*j), fmt.Sprintf("%s:v1.%d", name, i%10)}, SizeBytes: int64(i) << 20,
		})
	}
	return node
}

// peak is the most memory that the process of the server ever had, in MiB, as Linux tells it: "61236 kB".
func peak(b *testing.B, server cluster.Server) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", server.PID))
	if err != nil {
		b.Skipf("only Linux tells the memory of a process: %v", err)
	}
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	var kibibytes float64
	if _, err := fmt.Fscan(bytes.NewReader(rest), &kibibytes); err != nil {
		b.Fatal(err)
	}
	return kibibytes / 1024
}

// processorTime is how long the server's process has had a processor.
func processorTime(b *testing.B, server cluster.Server) time.Duration {
	b.Helper()
	text, err := server.Get(b.Context(), "/metrics")
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(text, "\nprocess_cpu_seconds_total ")
	var seconds float64
	if _, err := fmt.Sscan(rest, &seconds); err != nil {
		b.Fatal(err)
	}
	return time.Duration(seconds * float64(time.Second))
}
