package failure_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// probes are made as a kubelet makes them: a new connection each.
var probes = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// watch plays the kubelet of a replica: it tells the cluster whether the replica is ready, and replaces a process that
// hangs. What has ended is started again by the test. The returned function ends it.
func watch(r *replica, readiness, liveness *corev1.Probe) (stop func()) {
	ctx, cancel := context.WithCancel(r.t.Context())
	var running sync.WaitGroup
	running.Go(func() { r.probe(ctx, readiness, r.ready.Store) })
	running.Go(func() {
		r.probe(ctx, liveness, func(alive bool) {
			if !alive {
				r.kill()
				r.start()
			}
		})
	})
	return func() {
		cancel()
		running.Wait()
	}
}

// probe says what comes of a probe, every time that it passes, and whenever it has failed often enough. Nothing is
// said of a process that has ended.
func (r *replica) probe(ctx context.Context, p *corev1.Probe, say func(bool)) {
	tick := time.NewTicker(time.Duration(p.PeriodSeconds) * time.Second)
	defer tick.Stop()
	failures := int32(0)
	for {
		life := r.life()
		err := r.get(ctx, p.HTTPGet.Path, time.Duration(p.TimeoutSeconds)*time.Second)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			failures = 0
			say(true)
		case life.hasEnded():
			failures = 0
		default:
			failures++
		}
		if failures == p.FailureThreshold {
			failures = 0
			say(false)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// get asks the server at a path; the error says what it answers, if that is not OK.
func (r *replica) get(ctx context.Context, path string, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.probed+path, nil)
	if err != nil {
		return err
	}
	response, err := probes.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(strings.TrimSpace(string(text)))
	}
	return err
}
