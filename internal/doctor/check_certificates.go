package doctor

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/polymoat/polymoat/certs/verify"
)

// expiresSoon is how much of a certificate's life is left when it is reported. Every source renews earlier.
const expiresSoon = 14 * 24 * time.Hour

// refusing is what comes of everything that keeps TLS from being set up.
const refusing = "The API server calls no server that it does not trust, and refuses every new run: validation fails closed."

// servingCertificate finds a Secret without a certificate that a server could serve, or could not for long.
func servingCertificate(v View) []Finding {
	name := ServingSecret(v.Deployment)
	if name == "" {
		return v.servedFromElsewhere(v.place() + " takes its certificate from no Secret.")
	}
	secret := fmt.Sprintf("Secret %q in namespace %q", name, v.Deployment.Namespace)
	if v.Secret == nil {
		return []Finding{{Severity: Error, What: secret + ", which is to hold the serving certificate, is missing.", Why: refusing, Fix: v.renewSecret(name)}}
	}
	leaf, err := v.leaf()
	switch {
	case len(v.Secret.Data) == 0 && v.calledByURL():
		return v.servedFromElsewhere(secret + " is empty, and the API server calls polymoat by URL: which certificate is served there is not known.")
	case err != nil:
		return []Finding{{Severity: Error, What: fmt.Sprintf("%s holds no serving certificate: %v.", secret, err), Why: refusing, Fix: v.renewSecret(name)}}
	case v.Now.After(leaf.NotAfter):
		return []Finding{{Severity: Error, What: fmt.Sprintf("The serving certificate in %s expired on %s.", secret, day(leaf.NotAfter)), Why: refusing, Fix: v.renewSecret(name)}}
	case v.Now.Before(leaf.NotBefore):
		return []Finding{{Severity: Error, What: fmt.Sprintf("The serving certificate in %s is not valid before %s.", secret, day(leaf.NotBefore)), Why: refusing, Fix: v.renewSecret(name)}}
	case leaf.NotAfter.Sub(v.Now) < expiresSoon:
		return []Finding{{
			Severity: Warning,
			What:     fmt.Sprintf("The serving certificate in %s expires on %s, and was not renewed.", secret, day(leaf.NotAfter)),
			Why:      "From then on the API server refuses every new run.",
			Fix:      v.renewSecret(name),
		}}
	}
	return nil
}

// servedFromElsewhere is the finding that the certificate is not to be seen in the cluster.
func (v View) servedFromElsewhere(what string) []Finding {
	return []Finding{{
		Severity: Info,
		What:     what,
		Why:      "When it expires is not known here; the metric polymoat_certificate_not_after_seconds tells.",
		Fix:      v.kubectl("get " + v.name() + " -o yaml"),
	}}
}

// renewSecret is the command that has the certificate made anew.
func (v View) renewSecret(name string) string {
	switch {
	case selfManaged(v.Deployment) && v.Secret == nil:
		return v.reinstall()
	case selfManaged(v.Deployment):
		return v.kubectl("patch secret " + name + ` --type=merge -p '{"data":null}'`)
	case v.injected() && v.Secret != nil:
		return v.kubectl("delete secret " + name)
	case v.injected():
		return v.kubectl("describe certificates.cert-manager.io")
	}
	return v.kubectl("create secret tls " + name + " --cert=tls.crt --key=tls.key --dry-run=client -o yaml | kubectl apply -f -")
}

// pair is what the Secret holds.
func (v View) pair() (*tls.Certificate, error) {
	cert, key := v.Secret.Data["tls.crt"], v.Secret.Data["tls.key"]
	switch {
	case len(cert) == 0:
		return nil, errors.New("tls.crt is missing")
	case len(key) == 0:
		return nil, errors.New("tls.key is missing")
	}
	pair, err := tls.X509KeyPair(cert, key)
	return &pair, err
}

// calledByURL says whether all webhooks name an address, as that of a server outside the cluster, in place of the Service.
func (v View) calledByURL() bool {
	own := v.own()
	return len(own) > 0 && !slices.ContainsFunc(own, func(h hook) bool { return h.client.URL == nil })
}

func (v View) leaf() (*x509.Certificate, error) {
	pair, err := v.pair()
	if err != nil {
		return nil, err
	}
	return verify.Leaf(pair)
}

// certificateTrust finds webhooks that accept another certificate than the one that is served. What is wrong with the
// certificate or the caBundle alone, the other checks tell.
func certificateTrust(v View) []Finding {
	if v.Secret == nil {
		return nil // serving-certificate says so, as it does of what follows
	}
	leaf, err := v.leaf()
	if err != nil || v.Now.After(leaf.NotAfter) || v.Now.Before(leaf.NotBefore) {
		return nil
	}
	pair, err := v.pair()
	if err != nil {
		return nil
	}
	return v.alike(func(h hook) string { return v.distrust(h, pair) }, func(hooks, why string) Finding {
		f := Finding{Severity: Error, What: fmt.Sprintf("The serving certificate is not accepted by %s: %s.", hooks, why), Why: refusing, Fix: v.reinstall()}
		if why == unknownAuthority {
			f.Fix = v.renewBundle()
		}
		return f
	})
}

const unknownAuthority = "the caBundle lacks the authority that signed it"

// distrust says why a webhook does not accept the pair; empty if it does, or if ca-bundle says why.
func (v View) distrust(h hook, pair *tls.Certificate) string {
	if v.bundleProblem(h) != "" {
		return ""
	}
	err := verify.Pair(pair, h.client, v.Now)
	if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); unknown {
		return unknownAuthority
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
