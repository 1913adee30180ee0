package cluster

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"os"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// CallerName is the common name of the certificate that the API server shows to webhooks.
const CallerName = "kube-apiserver-webhook-client"

const admissionConfiguration = `apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
- name: MutatingAdmissionWebhook
  configuration: &webhooks {apiVersion: apiserver.config.k8s.io/v1, kind: WebhookAdmissionConfiguration, kubeConfigFile: %q}
- name: ValidatingAdmissionWebhook
  configuration: *webhooks
`

// CallerCA is the file with the authority of the certificate that the API server shows to webhooks.
func (c *Cluster) CallerCA() string { return c.file("caller-ca.crt") }

// writeAdmission makes the client certificate of the API server, and the files by which it finds it: the kubeconfig's
// user "*" is for every webhook.
func (c *Cluster) writeAdmission(show bool) error {
	if !show {
		return nil
	}
	ca := &x509.Certificate{Subject: pkix.Name{CommonName: "e2e-caller-ca"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign}
	caKey, err := c.sign("caller-ca", ca, ca, nil)
	if err != nil {
		return err
	}
	caller := &x509.Certificate{
		Subject:     pkix.Name{CommonName: CallerName},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if _, err := c.sign("caller", caller, ca, caKey); err != nil {
		return err
	}
	config := clientcmdapi.NewConfig()
	config.AuthInfos["*"] = &clientcmdapi.AuthInfo{ClientCertificate: c.file("caller.crt"), ClientKey: c.file("caller.key")}
	if err := clientcmd.WriteToFile(*config, c.file("caller.kubeconfig")); err != nil {
		return err
	}
	c.flags = append(c.flags, "--admission-control-config-file", c.file("admission.yaml"))
	return os.WriteFile(c.file("admission.yaml"), fmt.Appendf(nil, admissionConfiguration, c.file("caller.kubeconfig")), 0o600)
}
