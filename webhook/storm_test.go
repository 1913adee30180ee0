//go:build !race

package webhook

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"
)

// seats are the requests that an API server works on at once, with its default --max-requests-inflight and
// --max-mutating-requests-inflight. It answers 429 to what is more, and nobody is asked about that.
const seats = 600

// apiServer sends reviews as an API server does: through client-go's transport. It speaks HTTP/1.1 with webhooks, keeps 25
// connections that are idle, and opens one for each review that finds none. HTTP/2 it speaks with those on its own machine
// only, because all streams of a connection would end at one replica.
type apiServer struct {
	t      *testing.T
	to     *process
	client *http.Client
	body   []byte
	seats  chan struct{}
}

func newAPIServer(t *testing.T, to *process, protocol string) *apiServer {
	t.Helper()
	client, err := rest.HTTPClientFor(&rest.Config{
		Host:            "https://" + to.address,
		Dial:            dialUntil(t.Context()),
		TLSClientConfig: rest.TLSClientConfig{Insecure: true, NextProtos: []string{protocol}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	return &apiServer{t: t, to: to, client: client, body: dearReview(t), seats: make(chan struct{}, seats)}
}

// dialUntil has connections end with the test: a transport goes on opening those that nobody waits for any more.
func dialUntil(end context.Context) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, giveUp := context.WithCancel(ctx)
		defer giveUp()
		defer context.AfterFunc(end, giveUp)()
		connection, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err == nil {
			context.AfterFunc(end, func() { _ = connection.Close() })
		}
		return connection, err
	}
}

// dearReview is refused, and is one that the quick way is not sure of: it takes a server many times as long as its client,
// or the clients would need the processors for themselves.
func dearReview(t *testing.T) []byte {
	t.Helper()
	return bytes.Replace(bigReview(t, benchmarkReview(t)), []byte(`"spec":{`), []byte(`"spec":{"hostNetwork":false,"hostNetwork":false,`), 1)
}

// review says whether a review was decided on. Whoever is sent away must read why; anything else is an error, and so is an
// answer that takes longer than an API server waits, in which it may well wait for a connection.
func (a *apiServer) review() (decided bool, err error) {
	ctx, giveUp := context.WithTimeout(a.t.Context(), 5*time.Second)
	defer giveUp()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+a.to.address+"/validate?timeout=5s", bytes.NewReader(a.body))
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
	case response.StatusCode == http.StatusServiceUnavailable && string(answer) == sentAway:
		return false, nil
	case response.StatusCode == http.StatusOK && bytes.Contains(answer, []byte(`"allowed":false`)):
		return true, nil
	}
	return false, fmt.Errorf("answered %s %.300s", response.Status, answer)
}

// tally is what became of reviews.
type tally struct {
	mu            sync.Mutex
	decided, shed []time.Duration // that the answers took
	errs          []error
	unsent        int           // for want of a seat
	processor     time.Duration // of the server
}

func (c *tally) count(a *apiServer) {
	sent := time.Now()
	decided, err := a.review()
	took := time.Since(sent)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err != nil:
		c.errs = append(c.errs, err)
	case decided:
		c.decided = append(c.decided, took)
	default:
		c.shed = append(c.shed, took)
	}
}

// measure counts, and takes the server's time.
func measure(p *process, send func(*tally)) *tally {
	c := &tally{}
	before, err := p.processorTime()
	if err != nil {
		c.errs = append(c.errs, err)
	}
	send(c)
	after, err := p.processorTime()
	if err != nil {
		c.errs = append(c.errs, err)
	}
	c.processor = time.Duration(after-before) * 10 * time.Millisecond
	return c
}

// hammer has a few clients send reviews for a while, each the next one when the last is answered.
func (a *apiServer) hammer(clients int, span time.Duration) *tally {
	return measure(a.to, func(c *tally) {
		var running sync.WaitGroup
		begun := time.Now()
		for range clients {
			running.Go(func() {
				for time.Since(begun) < span {
					c.count(a)
				}
			})
		}
		running.Wait()
	})
}

// storm begins so many reviews a second, whether earlier ones were answered or not, and waits for all answers.
func storm(servers []*apiServer, rate int, span time.Duration) *tally {
	return measure(servers[0].to, func(c *tally) {
		var running sync.WaitGroup
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		begun, n := time.Now(), 0
		for now := begun; now.Sub(begun) < span; now = <-tick.C {
			for ; n < int(now.Sub(begun).Seconds()*float64(rate)); n++ {
				a := servers[n%len(servers)]
				select {
				case a.seats <- struct{}{}:
					running.Go(func() { c.count(a); <-a.seats })
				default:
					c.unsent++
				}
			}
		}
		running.Wait()
	})
}

func (c *tally) sent() int { return len(c.decided) + len(c.shed) + len(c.errs) }

// rate is how many reviews were decided on in a second of the server's processor, whoever else uses the machine.
func (c *tally) rate() float64 { return float64(len(c.decided)) / c.processor.Seconds() }

func (c *tally) String() string {
	took := func(list []time.Duration) string {
		if len(list) == 0 {
			return "0"
		}
		slices.Sort(list)
		return fmt.Sprintf("%d (p50 %s, p99 %s, slowest %s)", len(list), list[len(list)/2].Round(time.Millisecond),
			list[len(list)*99/100].Round(time.Millisecond), list[len(list)-1].Round(time.Millisecond))
	}
	return fmt.Sprintf("%d found no seat; decided %s, %.0f in a second of the processor; sent away %s; %d not answered",
		c.unsent, took(c.decided), c.rate(), took(c.shed), len(c.errs))
}
