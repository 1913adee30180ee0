package webhook

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/polymoat/polymoat/internal/hostile"
)

// contender is one webhook of the benchmark, in a process of its own.
type contender struct {
	name, kind, path string
	body             []byte
	refused          bool
	floor            *contender // whose body is as long; itself for a floor
	pid              int

	address   string
	clients   []*http.Client
	latencies []time.Duration
	elapsed   time.Duration
	at        stats // when the measurement began
	used      stats // for one review
}

// stats are what a process says of itself in /metrics.
type stats struct{ mallocs, allocated, cpu float64 }

func (c *contender) named(name string, floor *contender) *contender {
	c.name, c.floor = name, floor
	return c
}

func (c *contender) start(b *testing.B, dir string) {
	b.Helper()
	c.address = freeAddress(b)
	c.pid = serveApart(b, c.kind, c.address, dir, "GOGC=200") // as the chart's Deployment says
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		response, err := http.Get("http://" + besideIt(c.address) + "/metrics")
		if err == nil {
			_ = response.Body.Close()
			return
		}
		if time.Now().After(deadline) {
			b.Fatalf("%s does not start: %v", c.kind, err)
		}
	}
}

// client holds one connection.
func (c *contender) client() *http.Client {
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // a benchmark on loopback
	}}
}

// load sends reviews over some connections for a while.
func (c *contender) load(b *testing.B, connections int, span time.Duration) {
	b.Helper()
	for len(c.clients) < connections {
		c.clients = append(c.clients, c.client())
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	start := time.Now()
	for _, client := range c.clients {
		wg.Go(func() {
			var latencies []time.Duration
			var answer bytes.Buffer // kept: what clients take is not to be measured
			for time.Since(start) < span {
				sent := time.Now()
				if err := c.send(client, &answer); err != nil {
					b.Error(err)
					return
				}
				latencies = append(latencies, time.Since(sent))
			}
			mu.Lock()
			defer mu.Unlock()
			c.latencies = append(c.latencies, latencies...)
		})
	}
	wg.Wait()
	c.elapsed += time.Since(start)
}

func (c *contender) send(client *http.Client, answer *bytes.Buffer) error {
	response, err := client.Post("https://"+c.address+c.path, "application/json", bytes.NewReader(c.body))
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	answer.Reset()
	if _, err := answer.ReadFrom(response.Body); err != nil {
		return err
	}
	if bytes.Contains(answer.Bytes(), []byte(`"allowed":true`)) == c.refused {
		return fmt.Errorf("%s answered %s", c.name, answer)
	}
	return nil
}

func (c *contender) reset(b *testing.B) {
	b.Helper()
	c.latencies, c.elapsed, c.at = nil, 0, c.stats(b)
}

// finish works out what a review took of the server's process: of its processor, too, which does not depend on who else
// uses the machine.
func (c *contender) finish(b *testing.B) {
	b.Helper()
	now, n := c.stats(b), float64(len(c.latencies))
	c.used = stats{(now.mallocs - c.at.mallocs) / n, (now.allocated - c.at.allocated) / n, (now.cpu - c.at.cpu) / n}
}

func (c *contender) rate() float64 { return float64(len(c.latencies)) / c.elapsed.Seconds() }

func (c *contender) percentile(p int) time.Duration {
	slices.Sort(c.latencies)
	return c.latencies[len(c.latencies)*p/100]
}

func (c *contender) report(b *testing.B) {
	b.Helper()
	ratio, tail := c.rate()/c.floor.rate(), float64(c.percentile(99))/float64(c.floor.percentile(99))
	fmt.Fprintf(os.Stdout, "%-38s %7d %9.0f %6.2f %9s %9s %6.2f %6.0fµs %6.2f %7.0f %8.1fK %7dM\n", c.name, len(c.body), c.rate(), ratio,
		c.percentile(50).Round(10*time.Microsecond), c.percentile(99).Round(10*time.Microsecond), tail,
		c.used.cpu*1e6, c.used.cpu/c.floor.used.cpu, c.used.mallocs, c.used.allocated/1e3, hostile.Peak(b, c.pid)>>20)
	b.ReportMetric(ratio, strings.NewReplacer(" ", "-", ",", "", "polymoat ", "").Replace(c.name)+"/floor")
}

func (c *contender) stats(b *testing.B) stats {
	b.Helper()
	response, err := http.Get("http://" + besideIt(c.address) + "/metrics")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	return stats{
		mallocs:   families["go_memstats_mallocs_total"].Metric[0].Counter.GetValue(),
		allocated: families["go_memstats_alloc_bytes_total"].Metric[0].Counter.GetValue(),
		cpu:       families["process_cpu_seconds_total"].Metric[0].Counter.GetValue(),
	}
}

// serveApart has a server of that kind in a process of its own, and ends it with the test.
func serveApart(t testing.TB, kind, address, dir string, env ...string) (pid int) {
	t.Helper()
	server := exec.Command(os.Args[0], "-serve", kind, "-serve-address", address, "-serve-certs", dir)
	server.Env = append(os.Environ(), env...)
	server.Stderr = os.Stderr
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	return server.Process.Pid
}
