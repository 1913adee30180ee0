//go:build !race

package webhook

import (
	"net/http"
	"testing"

	"github.com/polymoat/polymoat/certs"
	"github.com/polymoat/polymoat/internal/hostile"
)

// TestHostile: with the limits that it has in production, and the chart's timeout and memory, no client keeps the server from
// answering others. With the race detector a server is another one: slower by far, and larger.
func TestHostile(t *testing.T) {
	dir := t.TempDir()
	if _, err := certs.Open(dir); err != nil {
		t.Fatal(err)
	}
	address, raw := freeAddress(t), benchmarkReview(t)
	pid := serveApart(t, "polymoat", address, dir, hostile.Environment...)
	eventually(t, "the server is ready", func() bool {
		code, _ := fetch(t, http.DefaultClient, "http://"+besideIt(address)+"/metrics")
		return code == http.StatusOK
	})
	hostile.Test(t, hostile.Target{Address: address, PID: pid, Review: placedReview(t, raw), Large: placedReview(t, bigReview(t, raw))})
}
