package certs

import (
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/certs/verify"
)

func TestVerify(t *testing.T) {
	now := time.Now()
	c := fresh(t, &contents{}, []string{Service, "127.0.0.1", "::1"}, now)
	other := fresh(t, &contents{}, nil, now)
	service := &admissionregistrationv1.ServiceReference{Namespace: "polymoat-system", Name: "polymoat", Port: ptr.To[int32](8443)}
	for name, tc := range map[string]struct {
		webhook admissionregistrationv1.WebhookClientConfig
		at      time.Time
		want    string
	}{
		"its Service":             {admissionregistrationv1.WebhookClientConfig{Service: service, CABundle: c.ca}, now, ""},
		"an address":              {urlOf("https://127.0.0.1:9443/mutate", c.ca), now, ""},
		"an address of version 6": {urlOf("https://[::1]:9443/mutate", c.ca), now, ""},
		"an address without port": {urlOf("https://[::1]/mutate", c.ca), now, ""},
		"one of two authorities":  {urlOf("https://127.0.0.1", join(other.ca, c.ca)), now, ""},
		"another authority":       {urlOf("https://127.0.0.1", other.ca), now, "x509: certificate signed by unknown authority"},
		"no authority":            {urlOf("https://127.0.0.1", nil), now, "x509: certificate signed by unknown authority"},
		"no PEM":                  {urlOf("https://127.0.0.1", []byte("hello")), now, "x509: certificate signed by unknown authority"},
		"another address":         {urlOf("https://127.0.0.2/", c.ca), now, "x509: certificate is valid for 127.0.0.1, ::1, not 127.0.0.2"},
		"a host that is none":     {urlOf("https://%zz/", c.ca), now, "x509: certificate is valid for " + Service + `, not https://%zz/`},
		"after its end":           {urlOf("https://127.0.0.1", c.ca), now.Add(2 * validity), "x509: certificate has expired or is not yet valid: current time " + now.Add(2*validity).Format(time.RFC3339) + " is after " + c.pair.Leaf.NotAfter.Format(time.RFC3339)},
		"no webhook to speak of":  {admissionregistrationv1.WebhookClientConfig{CABundle: c.ca}, now, ""},
		"a Service of another name": {admissionregistrationv1.WebhookClientConfig{
			Service: &admissionregistrationv1.ServiceReference{Namespace: "moats", Name: "moat"}, CABundle: c.ca,
		}, now, "x509: certificate is valid for " + Service + ", not moat.moats.svc"},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := verify.Pair(c.pair, tc.webhook, tc.at); err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func urlOf(address string, ca []byte) admissionregistrationv1.WebhookClientConfig {
	return admissionregistrationv1.WebhookClientConfig{URL: &address, CABundle: ca}
}
