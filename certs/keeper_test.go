package certs

import (
	"bytes"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/certs/verify"
)

// fresh are contents as the first replica of an installation writes them.
func fresh(t *testing.T, before *contents, names []string, now time.Time) *contents {
	t.Helper()
	c, err := before.renewed(names, now)
	if err != nil {
		t.Fatal(err)
	}
	secret := &corev1.Secret{}
	c.writeTo(secret)
	return readSecret(secret)
}

func TestDue(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	names := []string{Service, "127.0.0.1"}
	valid := fresh(t, &contents{}, names, now)
	other := fresh(t, &contents{}, names, now)
	for name, tc := range map[string]struct {
		held  *contents
		names []string
		after time.Duration
		want  string
	}{
		"no Secret":                     {readSecret(nil), names, 0, "there is none"},
		"an empty Secret":               {readSecret(&corev1.Secret{}), names, 0, "there is none"},
		"new":                           {valid, names, 0, ""},
		"after two thirds of its life":  {valid, names, validity * 2 / 3, "it expires at 2027-01-01T00:00:00Z"},
		"not quite":                     {valid, names, validity*2/3 - time.Hour, ""},
		"fewer names":                   {valid, []string{Service}, 0, ""},
		"another name":                  {valid, []string{"moat.moats.svc"}, 0, "it does not serve moat.moats.svc: x509: certificate is valid for " + Service + ", not moat.moats.svc"},
		"the authority of another pair": {&contents{ca: other.ca, cert: valid.cert, key: valid.key, pair: valid.pair}, names, 0, "it does not serve " + Service + ": x509: certificate signed by unknown authority"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.held.due(tc.names, now.Add(tc.after)); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestRenewed: both the old and the new pair are trusted through the new bundle, and names add up.
func TestRenewed(t *testing.T) {
	now := time.Now()
	old := fresh(t, &contents{}, []string{Service, "127.0.0.1"}, now)
	renewed := fresh(t, old, []string{"moat.moats.svc"}, now)
	if renewed.same(old) {
		t.Fatal("the pair is the same")
	}
	for _, name := range []string{Service, "127.0.0.1", "moat.moats.svc"} {
		if err := verifyFor(renewed, name, renewed.ca, now); err != nil {
			t.Errorf("the new pair does not serve %s: %v", name, err)
		}
	}
	if err := verifyFor(old, Service, renewed.ca, now); err != nil {
		t.Errorf("the old pair is not trusted any more: %v", err)
	}
	if err := verifyFor(renewed, Service, old.ca, now); err == nil {
		t.Error("the new pair is of the old authority")
	}
	later := fresh(t, renewed, []string{Service}, now.Add(validity+time.Hour))
	if got := len(verify.Bundle(later.ca)); got != 1 {
		t.Errorf("%d authorities are kept after the others have expired", got)
	}
}

func verifyFor(c *contents, name string, ca []byte, now time.Time) error {
	url := "https://" + name + ":9443/mutate"
	return verify.Pair(c.pair, admissionregistrationv1.WebhookClientConfig{URL: &url, CABundle: ca}, now)
}

func TestMerge(t *testing.T) {
	now := time.Now()
	a, b := fresh(t, &contents{}, nil, now).ca, fresh(t, &contents{}, nil, now).ca
	expired := fresh(t, &contents{}, nil, now.Add(-2*validity)).ca
	for name, tc := range map[string]struct {
		wanted, present, want []byte
	}{
		"into nothing":               {a, nil, a},
		"what is there":              {a, a, nil},
		"beside another":             {a, b, join(a, b)},
		"what is there with another": {a, join(b, a), nil},
		"two, of which one is there": {join(a, b), b, join(a, b)},
		"beside an expired one":      {a, join(expired, b), join(a, b)},
		"into what is no PEM":        {a, []byte("Cg=="), a},
	} {
		t.Run(name, func(t *testing.T) {
			if got := merge(tc.wanted, tc.present, now); !bytes.Equal(got, tc.want) {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func join(bundles ...[]byte) []byte { return bytes.Join(bundles, nil) }

// TestShow: a new pair waits until it has been trusted for a while, unless nothing valid is served.
func TestShow(t *testing.T) {
	now := time.Now()
	first, second := fresh(t, &contents{}, nil, now), fresh(t, &contents{}, nil, now)
	k := &Keeper{log: discard}
	for _, step := range []struct {
		what    string
		last    *contents
		trusted time.Time
		at      time.Time
		want    *contents
		wait    time.Duration
	}{
		{"nothing is served", first, time.Time{}, now, first, lookAgain},
		{"it is served already", first, now, now, first, lookAgain},
		{"nobody trusts the new one", second, time.Time{}, now, first, lookAgain},
		{"everybody does, for a second", second, now.Add(-time.Second), now, first, settle - time.Second},
		{"everybody does, for long enough", second, now.Add(-settle), now, second, lookAgain},
		{"what is served has expired", first, time.Time{}, now.Add(2 * validity), first, lookAgain},
	} {
		k.last, k.trusted = step.last, step.trusted
		if got := k.show(step.at); got != step.wait {
			t.Errorf("%s: looks again after %s, want %s", step.what, got, step.wait)
		}
		if got, err := k.GetCertificate(nil); err != nil || got != step.want.pair {
			t.Errorf("%s: the other pair is served (%v)", step.what, err)
		}
	}
}
