package main

import (
	"bytes"
	"os"
	"testing"
)

// TestUpAgain: a cluster that runs is not taken for another one.
func TestUpAgain(t *testing.T) {
	const other = "the cluster is up already; to give it feature gates, the twin or another Kubernetes, stop it first: make down"
	for _, tc := range []struct {
		name, k8s string
		p         playground
		want      string
	}{
		{"the same", "", playground{}, ""},
		{"with gates", "", playground{gates: "A=true"}, other},
		{"with the twin", "", playground{twin: true}, other},
		{"another Kubernetes", "1.36", playground{}, other},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("K8S", tc.k8s)
			root, got := t.TempDir(), ""
			if err := os.MkdirAll(string(homeOf(root)), 0o755); err != nil {
				t.Fatal(err)
			}
			lock, err := homeOf(root).lock()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = lock.Close() }()
			if err := bring(t.Context(), root, tc.p, &bytes.Buffer{}); err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
