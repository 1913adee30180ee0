package webhook

import (
	"bytes"
	"log/slog"
	"slices"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"

	"github.com/polymoat/polymoat/internal/cluster"
)

// failingServer serves the built-in policy to API servers with these webhooks.
func failingServer(t *testing.T, webhooks ...cluster.Webhook) func(path string, body []byte) (allowed bool, warnings []string) {
	t.Helper()
	policies, err := LoadPolicies("")
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	d := &decider{policy: policies.compiled, log: log, today: utcToday, configurations: func() []cluster.Configuration {
		return []cluster.Configuration{{State: cluster.Present}, {State: cluster.Present, Webhooks: webhooks}}
	}}
	mux := newMux(parts{decider: d, metrics: newMetrics(policies.documents), log: log})
	return func(path string, body []byte) (bool, []string) {
		answer := post(t, mux, path, body).Response
		return answer.Allowed, answer.Warnings
	}
}

// TestUnplaced: while polymoat fails open, a pod is not refused for no more than that nobody was there to place it.
func TestUnplaced(t *testing.T) {
	const want = "the pod passes as it is, and is not placed: it was not sent to polymoat for that, or was changed behind it, " +
		"and the failurePolicy of validate.polymoat.io is Ignore"
	unplaced := benchmarkReview(t)
	stray := bytes.Replace(unplaced, []byte(`"containers":[`), []byte(`"nodeName":"core-1","containers":[`), 1)
	update := bytes.Replace(unplaced, []byte(`"operation":"CREATE"`), []byte(`"operation":"UPDATE"`), 1)
	if bytes.Equal(stray, unplaced) || bytes.Equal(update, unplaced) {
		t.Fatal("the review was not changed")
	}
	open := cluster.Webhook{Name: validateName, FailurePolicy: admissionregistrationv1.Ignore}
	closed := cluster.Webhook{Name: validateName, FailurePolicy: admissionregistrationv1.Fail}
	other := cluster.Webhook{Name: "core.polymoat.io", FailurePolicy: admissionregistrationv1.Ignore}
	for name, tc := range map[string]struct {
		webhooks []cluster.Webhook
		body     []byte
		allowed  bool
	}{
		"not placed":                        {[]cluster.Webhook{open, other}, unplaced, true},
		"not placed, and it would not do":   {[]cluster.Webhook{open}, stray, false},
		"not placed, fails closed":          {[]cluster.Webhook{closed, other}, unplaced, false},
		"not placed, and nobody knows":      {nil, unplaced, false},
		"not placed, and it is no creation": {[]cluster.Webhook{open}, update, false},
	} {
		t.Run(name, func(t *testing.T) {
			allowed, warnings := failingServer(t, tc.webhooks...)("/validate", tc.body)
			if allowed != tc.allowed {
				t.Errorf("allowed: %v, want %v", allowed, tc.allowed)
			}
			if slices.Contains(warnings, want) != tc.allowed {
				t.Errorf("warnings: %q", warnings)
			}
		})
	}
}
