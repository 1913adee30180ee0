package cluster

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// CallerName is the common name of the certificate that the API server shows to webhooks.
const CallerName = "kube-apiserver-webhook-client"

const admissionConfiguration = `apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
`

const webhookCaller = `- name: MutatingAdmissionWebhook
  configuration: &webhooks {apiVersion: apiserver.config.k8s.io/v1, kind: WebhookAdmissionConfiguration, kubeConfigFile: %q}
- name: ValidatingAdmissionWebhook
  configuration: *webhooks
`

const staticPolicies = `- name: MutatingAdmissionPolicy
  configuration: {apiVersion: apiserver.config.k8s.io/v1, kind: MutatingAdmissionPolicyConfiguration, staticManifestsDir: %q}
- name: ValidatingAdmissionPolicy
  configuration: {apiVersion: apiserver.config.k8s.io/v1, kind: ValidatingAdmissionPolicyConfiguration, staticManifestsDir: %q}
`

// CallerCA is the file with the authority of the certificate that the API server shows to webhooks.
func (c *Cluster) CallerCA() string { return c.file("caller-ca.crt") }

// writeAdmission configures the admission plugins: with the client certificate for webhooks, with policies on disk.
func (c *Cluster) writeAdmission(show bool, policies string) error {
	if !show && policies == "" {
		return nil
	}
	text := admissionConfiguration
	if show {
		if err := c.makeCaller(); err != nil {
			return err
		}
		text += fmt.Sprintf(webhookCaller, c.file("caller.kubeconfig"))
	}
	if policies != "" {
		c.flags = append(c.flags, "--feature-gates", "ManifestBasedAdmissionControlConfig=true")
		text += fmt.Sprintf(staticPolicies, filepath.Join(policies, "mutating"), filepath.Join(policies, "validating"))
	}
	c.flags = append(c.flags, "--admission-control-config-file", c.file("admission.yaml"))
	return os.WriteFile(c.file("admission.yaml"), []byte(text), 0o600)
}

// makeCaller makes the client certificate of the API server, and the file by which it finds it: the kubeconfig's user "*"
// is for every webhook.
func (c *Cluster) makeCaller() error {
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
	return clientcmd.WriteToFile(*config, c.file("caller.kubeconfig"))
}
