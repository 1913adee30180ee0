package certs_test

import (
	"net/url"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// configure changes every webhook of our configurations, one configuration after the other. Others write to them, too.
func configure(t *testing.T, mutate, validate func(*admissionregistrationv1.WebhookClientConfig)) {
	t.Helper()
	admin, key := as(t, cluster.Admin), client.ObjectKey{Name: "polymoat"}
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		var c admissionregistrationv1.MutatingWebhookConfiguration
		if err := admin.Get(t.Context(), key, &c); err != nil {
			return err
		}
		for i := range c.Webhooks {
			mutate(&c.Webhooks[i].ClientConfig)
		}
		return admin.Update(t.Context(), &c)
	})
	if err != nil {
		t.Fatal(err)
	}
	err = retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		var c admissionregistrationv1.ValidatingWebhookConfiguration
		if err := admin.Get(t.Context(), key, &c); err != nil {
			return err
		}
		for i := range c.Webhooks {
			validate(&c.Webhooks[i].ClientConfig)
		}
		return admin.Update(t.Context(), &c)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// trustOnly writes a caBundle.
func trustOnly(t *testing.T, ca []byte) {
	t.Helper()
	write := func(c *admissionregistrationv1.WebhookClientConfig) { c.CABundle = ca }
	configure(t, write, write)
}

// send lets the API server send to another address each: two new connections, and so one to each of two servers.
func send(t *testing.T, mutateURL, validateURL string) {
	t.Helper()
	to := func(address string) func(*admissionregistrationv1.WebhookClientConfig) {
		return func(c *admissionregistrationv1.WebhookClientConfig) {
			old, err := url.Parse(*c.URL)
			if err != nil {
				t.Fatal(err)
			}
			target := address + old.Path
			c.URL = &target
		}
	}
	configure(t, to(mutateURL), to(validateURL))
}

// bundleOf is the caBundle of the mutating configuration.
func bundleOf(t *testing.T) []byte {
	t.Helper()
	var c admissionregistrationv1.MutatingWebhookConfiguration
	if err := as(t, cluster.Admin).Get(t.Context(), client.ObjectKey{Name: "polymoat"}, &c); err != nil {
		t.Fatal(err)
	}
	return c.Webhooks[0].ClientConfig.CABundle
}
