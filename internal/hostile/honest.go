package hostile

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// apiServer sends reviews as an API server does, over HTTP/1.1.
type apiServer struct {
	target Target
	client *http.Client
}

// newAPIServer keeps so many connections that are idle; 0: it opens one for each review.
func newAPIServer(target Target, idle int) *apiServer {
	transport := &http.Transport{
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true},
		DisableKeepAlives:   idle == 0,
		MaxIdleConnsPerHost: idle,
	}
	return &apiServer{target, &http.Client{Transport: transport}}
}

// review says whether a review was decided. An answer that is neither a decision nor a 503 is an error, and so is one that
// takes longer than the chart's timeout. After that time it is late, whatever becomes of the connection.
func (a *apiServer) review(ctx context.Context) (decided bool, err error) {
	ctx, giveUp := context.WithTimeout(ctx, 5*time.Second)
	defer giveUp()
	decided, err = a.ask(ctx)
	if err != nil && ctx.Err() != nil {
		return false, ctx.Err()
	}
	return decided, err
}

func (a *apiServer) ask(ctx context.Context) (decided bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+a.target.Address+"/validate?timeout=5s", bytes.NewReader(a.target.Review))
	if err != nil {
		return false, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := a.client.Do(request)
	if err != nil {
		return false, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return false, err
	case response.StatusCode == http.StatusServiceUnavailable && bytes.Contains(answer, []byte(`"reason":"ServiceUnavailable"`)):
		return false, nil
	case response.StatusCode == http.StatusOK && bytes.Contains(answer, []byte(`"allowed":`)):
		return true, nil
	}
	return false, fmt.Errorf("answered %s %.300s", response.Status, answer)
}

// tally is what became of reviews.
type tally struct {
	mu            sync.Mutex
	decided, shed []time.Duration
	errs          []error
}

func (c *tally) count(ctx context.Context, a *apiServer) {
	begun := time.Now()
	decided, err := a.review(ctx)
	took := time.Since(begun)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err != nil:
		c.errs = append(c.errs, fmt.Errorf("after %s: %w", took.Round(time.Millisecond), err))
	case decided:
		c.decided = append(c.decided, took)
	default:
		c.shed = append(c.shed, took)
	}
}

// send has a few clients send reviews until it is over, each some time after the last is answered.
func (a *apiServer) send(ctx context.Context, clients int, pause time.Duration, over <-chan time.Time) *tally {
	c := &tally{}
	ended := make(chan struct{})
	go func() { <-over; close(ended) }()
	var running sync.WaitGroup
	for range clients {
		running.Go(func() {
			for {
				c.count(ctx, a)
				select {
				case <-ended:
					return
				case <-time.After(pause):
				}
			}
		})
	}
	running.Wait()
	return c
}

// flood begins so many reviews a second, whether earlier ones were answered or not, and waits for all answers. An API server
// has 600 of them at once at most.
func flood(ctx context.Context, servers []*apiServer, rate float64, span time.Duration) *tally {
	c := &tally{}
	seats := make(chan struct{}, 600*len(servers))
	var running sync.WaitGroup
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	begun, n := time.Now(), 0
	for now := begun; now.Sub(begun) < span; now = <-tick.C {
		for ; n < int(now.Sub(begun).Seconds()*rate); n++ {
			a := servers[n%len(servers)]
			select {
			case seats <- struct{}{}:
				running.Go(func() { c.count(ctx, a); <-seats })
			default:
			}
		}
	}
	running.Wait()
	return c
}

func (c *tally) err() error {
	if len(c.errs) == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d were not answered: %.1000w", len(c.errs), len(c.errs)+len(c.decided)+len(c.shed), errors.Join(c.errs...))
}

// check holds that reviews are decided, that no answer is wrong or missing and, on a machine that does nothing else, that each came
// in time.
func (c *tally) check(t *testing.T) {
	t.Helper()
	if len(c.decided) == 0 {
		t.Error("nothing was decided")
	}
	late := func(err error) bool {
		timed, ok := errors.AsType[net.Error](err)
		return ok && timed.Timeout() && !*Quiet
	}
	c.errs = slices.DeleteFunc(c.errs, late)
	if err := c.err(); err != nil {
		t.Error(err)
	}
}

// percentile is of the reviews that were decided.
func (c *tally) percentile(n int) time.Duration { return percentile(c.decided, n) }

func percentile(of []time.Duration, n int) time.Duration {
	if len(of) == 0 {
		return 0
	}
	slices.Sort(of)
	return of[min(len(of)*n/100, len(of)-1)].Round(100 * time.Microsecond)
}

func (c *tally) String() string {
	took := func(of []time.Duration) string {
		return fmt.Sprintf("%d (p50 %s, p99 %s, slowest %s)", len(of), percentile(of, 50), percentile(of, 99), percentile(of, 100))
	}
	return fmt.Sprintf("decided %s; sent away %s; %d not answered", took(c.decided), took(c.shed), len(c.errs))
}
