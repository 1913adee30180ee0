package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// apiServer is a client of the API server that does no more than it must: it shares the machine with what it measures.
type apiServer struct {
	*http.Client
	host string
}

func newAPIServer(b *testing.B) apiServer {
	b.Helper()
	config := control.As(cluster.Admin)
	c, err := rest.HTTPClientFor(config)
	if err != nil {
		b.Fatal(err)
	}
	return apiServer{c, config.Host}
}

// contender is one way to have pods admitted: what the API server asks about a namespace of its own.
type contender struct {
	apiServer
	name, namespace string
	refuses         string // what its refusals say; empty where it makes none
	user            string // in whose name the administrator asks; empty for nobody else

	latencies []time.Duration
	elapsed   time.Duration
}

// create sends a pod by dry-run, which ends after admission, and returns the pod that would have been stored.
func (c *contender) create(ctx context.Context, pod []byte) ([]byte, error) {
	url := fmt.Sprintf("%s/api/v1/namespaces/%s/pods?dryRun=All", c.host, c.namespace)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(pod))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if c.user != "" {
		request.Header.Set("Impersonate-User", c.user)
	}
	response, err := c.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusCreated {
		err = errors.New(string(answer))
	}
	return answer, err
}

// admitted is the pod as the contender leaves it.
func (c *contender) admitted(ctx context.Context, pod []byte) (*corev1.Pod, error) {
	answer, err := c.create(ctx, pod)
	if err != nil {
		return nil, err
	}
	stored := &corev1.Pod{}
	return stored, json.Unmarshal(answer, stored)
}

// refused says whether the contender refused a pod by what it judges; not because it could not be asked, or broke.
func (c *contender) refused(err error) bool {
	return err != nil && strings.Contains(err.Error(), c.refuses) && !strings.Contains(err.Error(), "resulted in error")
}

// load creates pods from some clients at once, for a while.
func (c *contender) load(b *testing.B, pod []byte, together int, span time.Duration) {
	b.Helper()
	var mu sync.Mutex
	var group sync.WaitGroup
	start := time.Now()
	for range together {
		group.Go(func() {
			var latencies []time.Duration
			for time.Since(start) < span {
				sent := time.Now()
				if _, err := c.create(b.Context(), pod); err != nil {
					b.Errorf("%s: %v", c.name, err)
					return
				}
				latencies = append(latencies, time.Since(sent))
			}
			mu.Lock()
			defer mu.Unlock()
			c.latencies = append(c.latencies, latencies...)
		})
	}
	group.Wait()
	c.elapsed += time.Since(start)
}

func (c *contender) reset() { c.latencies, c.elapsed = nil, 0 }

func (c *contender) rate() float64 { return float64(len(c.latencies)) / c.elapsed.Seconds() }

func (c *contender) percentile(p int) time.Duration {
	slices.Sort(c.latencies)
	return c.latencies[len(c.latencies)*p/100].Round(10 * time.Microsecond)
}

// report prints a row: how it does against no admission at all, and against the floor.
func (c *contender) report(b *testing.B, bare, floor *contender) {
	b.Helper()
	toBare, toFloor := c.rate()/bare.rate(), c.rate()/floor.rate()
	fmt.Fprintf(os.Stdout, "%-31s %9.0f %7.2f %9.2f %9s %9s\n", c.name, c.rate(), toBare, toFloor, c.percentile(50), c.percentile(99))
	name := strings.NewReplacer(" ", "-", ",", "").Replace(c.name)
	b.ReportMetric(toBare, name+"/bare")
	b.ReportMetric(toFloor, name+"/floor")
}
