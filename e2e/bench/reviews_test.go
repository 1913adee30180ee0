package bench_test

import (
	"bytes"
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

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

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
