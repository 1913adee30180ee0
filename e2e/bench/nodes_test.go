package bench_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

// BenchmarkNodes measures a server in a cluster of 5,000 nodes: when it is ready, counted from the start of the process, and
// the most memory that it takes, its first list of all nodes and reviews at full speed included.
func BenchmarkNodes(b *testing.B) {
	const nodes, together, span = 5000, 8, 10 * time.Second
	install(b)
	makeNodes(b, nodes)
	for b.Loop() {
		start := time.Now()
		// It has a certificate of its own, and so a configuration of its own, which is not there.
		server, err := control.Serve("nodes", cluster.Polymoat{Binary: site.Program, Configuration: "nodes"})
		if err != nil {
			b.Fatal(err)
		}
		ready := time.Since(start)
		idle := peak(b, server)
		answered := review(b, server, together, span)
		fmt.Fprintf(os.Stdout, "\n%d nodes: ready after %s; peak memory %.1f MB until then, %.1f MB with %.0f reviews/s\n", nodes,
			ready.Round(10*time.Millisecond), idle, peak(b, server), float64(answered)/span.Seconds())
		b.ReportMetric(ready.Seconds(), "s/ready")
		b.ReportMetric(peak(b, server), "MB/peak")
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
	for j := len(labels); j < 30; j++ {
		labels[fmt.Sprintf("node.cloud.example.com/property-%d", j)] = fmt.Sprintf("value-%d", i%(j*7))
	}
	for j := range 30 {
		name := fmt.Sprintf("registry.example.com/platform/image-%d", j)
		node.Status.Images = append(node.Status.Images, corev1.ContainerImage{
			Names: []string{fmt.Sprintf("%s@sha256:%064x", name, i*j), fmt.Sprintf("%s:v1.%d", name, i%10)}, SizeBytes: int64(i) << 20,
		})
	}
	return node
}

// review has the pod of a job mutated and validated by some clients at once, for a while, and says how often.
func review(b *testing.B, server cluster.Server, together int, span time.Duration) int64 {
	b.Helper()
	raw, err := os.ReadFile(filepath.Join(site.Root, "webhook", "testdata", "review.json"))
	if err != nil {
		b.Fatal(err)
	}
	bodies := map[string][]byte{"/mutate": raw, "/validate": placed(b, raw)}
	var answered atomic.Int64
	var group sync.WaitGroup
	start := time.Now()
	for range together {
		group.Go(func() {
			c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // a benchmark on loopback
			defer c.CloseIdleConnections()
			for time.Since(start) < span {
				for path, body := range bodies {
					if err := allowed(c, server.URL+path, body); err != nil {
						b.Error(err)
						return
					}
					answered.Add(1)
				}
			}
		})
	}
	group.Wait()
	return answered.Load()
}

func allowed(c *http.Client, url string, body []byte) error {
	response, err := c.Post(url, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err == nil && !bytes.Contains(answer, []byte(`"allowed":true`)) {
		err = fmt.Errorf("%s answers %s", url, answer)
	}
	return err
}

// placed is the review of the pod as mutate leaves it.
func placed(b *testing.B, raw []byte) []byte {
	b.Helper()
	var review map[string]any
	var typed struct{ Request struct{ Object corev1.Pod } }
	if err := json.Unmarshal(raw, &review); err != nil {
		b.Fatal(err)
	}
	if err := json.Unmarshal(raw, &typed); err != nil {
		b.Fatal(err)
	}
	decide, err := policy.New(v1alpha1.Default())
	if err != nil {
		b.Fatal(err)
	}
	review["request"].(map[string]any)["object"] = decide.Mutate(policy.Request{Namespace: cluster.Namespace, Pod: &typed.Request.Object}).Pod
	body, err := json.Marshal(review)
	if err != nil {
		b.Fatal(err)
	}
	return body
}

// peak is the most memory that the process of the server ever had, in MB, as Linux tells it: "61236 kB".
func peak(b *testing.B, server cluster.Server) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", server.PID))
	if err != nil {
		b.Skipf("only Linux tells the memory of a process: %v", err)
	}
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	var kilobytes float64
	if _, err := fmt.Fscan(bytes.NewReader(rest), &kilobytes); err != nil {
		b.Fatal(err)
	}
	return kilobytes / 1000
}
