package certs_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/binaries"
	"github.com/polymoat/polymoat/e2e/cluster"
)

// TestRotationOfCertManager: cert-manager's own controllers renew the pair, and its injector writes the caBundles. The
// last rotation renews the authority, too: the injector then is ahead of the kubelets.
func TestRotationOfCertManager(t *testing.T) {
	withoutSecret(t)
	startCertManager(t)
	mounts := []string{t.TempDir(), t.TempDir()}
	b := &balancer{}
	url := b.open(t).url
	install(t, url, nil, map[string]string{"cert-manager.io/inject-ca-from": "polymoat-system/polymoat"})
	version := mountNext(t, nil, mounts)
	for _, dir := range mounts {
		b.servers = append(b.servers, startServer(t, "--cert-dir", dir))
	}
	awaitReady(t, b.servers...)
	awaitPlaced(t)
	l, serial := startLoad(t, b), awaitLeaf(t, "", b.servers...)
	for i := range rotations {
		if i == rotations-1 {
			renewAuthority(t)
			meet(t, b, l) // with the old pair, which the new authority vouches for because it has kept its key
		} else {
			renew(t, "polymoat")
		}
		version = mountNext(t, version, mounts)
		serial = awaitLeaf(t, serial, b.servers...)
		meet(t, b, l)
		awaitReady(t, b.servers...)
	}
}

// renewAuthority renews the authority and the pair, and waits until the injector has told the API server.
func renewAuthority(t *testing.T) {
	t.Helper()
	ca := client.ObjectKey{Namespace: tlsSecret.Namespace, Name: "polymoat-ca"}
	before := secret(t, ca).Data["tls.crt"]
	renew(t, ca.Name)
	await(t, "another authority", func() error { return differs(secret(t, ca).Data["tls.crt"], before) })
	bundle := bundleOf(t)
	renew(t, "polymoat")
	await(t, "the renewed authority in the caBundle", func() error { return differs(bundleOf(t), bundle) })
}

func differs(got, before []byte) error {
	if len(got) == 0 || bytes.Equal(got, before) {
		return errors.New("there is none, or the old one")
	}
	return nil
}

// startCertManager runs cert-manager's controllers until the test ends, with the issuers and certificates of testdata.
func startCertManager(t *testing.T) {
	t.Helper()
	binary, definitions, err := binaries.CertManager(t.Context(), root, os.Stderr)
	must(t, err)
	crds, err := cluster.Decode(definitions)
	must(t, err)
	createAll(t, crds)
	logFile := filepath.Join(t.TempDir(), "log")
	log, err := os.Create(logFile)
	must(t, err)
	cmd := exec.Command(binary, "--kubeconfig", control.Kubeconfig(cluster.Admin))
	cmd.Stdout, cmd.Stderr = log, log
	for _, crd := range crds {
		awaitEstablished(t, crd.GetName())
	}
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		_ = log.Close()
		if text, _ := os.ReadFile(logFile); t.Failed() {
			t.Logf("cert-manager says:\n%s", text[max(0, len(text)-5000):])
		}
	})
	objects, err := decodeFile("testdata/cert-manager.yaml")
	must(t, err)
	createAll(t, objects)
}

// createAll creates objects for the test's time.
func createAll(t *testing.T, objects []*unstructured.Unstructured) {
	t.Helper()
	must(t, control.Create(objects...))
	admin := as(t, cluster.Admin)
	t.Cleanup(func() {
		for _, object := range objects {
			if err := admin.Delete(context.WithoutCancel(t.Context()), object); client.IgnoreNotFound(err) != nil {
				t.Error(err)
			}
		}
	})
}

func awaitEstablished(t *testing.T, crd string) {
	t.Helper()
	object := &unstructured.Unstructured{}
	object.SetAPIVersion("apiextensions.k8s.io/v1")
	object.SetKind("CustomResourceDefinition")
	await(t, crd, func() error {
		if err := as(t, cluster.Admin).Get(t.Context(), client.ObjectKey{Name: crd}, object); err != nil {
			return err
		}
		conditions, _, err := unstructured.NestedSlice(object.Object, "status", "conditions")
		if err == nil && !holds(conditions, "Established") {
			err = errors.New("it is not established")
		}
		return err
	})
}

// holds says whether a condition is True.
func holds(conditions []any, kind string) bool {
	for _, condition := range conditions {
		if c, ok := condition.(map[string]any); ok && c["type"] == kind {
			return c["status"] == "True"
		}
	}
	return false
}

// renew asks for a new certificate as `cmctl renew` does.
func renew(t *testing.T, name string) {
	t.Helper()
	admin, certificate := as(t, cluster.Admin), &unstructured.Unstructured{}
	certificate.SetAPIVersion("cert-manager.io/v1")
	certificate.SetKind("Certificate")
	must(t, retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		if err := admin.Get(t.Context(), client.ObjectKey{Namespace: tlsSecret.Namespace, Name: name}, certificate); err != nil {
			return err
		}
		conditions, _, err := unstructured.NestedSlice(certificate.Object, "status", "conditions")
		if err != nil {
			return err
		}
		conditions = append(conditions, map[string]any{
			"type": "Issuing", "status": "True", "reason": "ManuallyTriggered", "message": "renewed by the test",
			"lastTransitionTime": "2026-01-01T00:00:00Z",
		})
		if err := unstructured.SetNestedSlice(certificate.Object, conditions, "status", "conditions"); err != nil {
			return err
		}
		return admin.Status().Update(t.Context(), certificate)
	}))
}

// mountNext waits until the Secret holds another certificate, and brings it to the folders. It returns the certificate.
func mountNext(t *testing.T, before []byte, dirs []string) []byte {
	t.Helper()
	var s *corev1.Secret
	await(t, "another certificate in the Secret", func() error {
		s = secret(t, tlsSecret)
		return differs(s.Data["tls.crt"], before)
	})
	for _, dir := range dirs {
		mount(t, dir, s.Data)
	}
	return s.Data["tls.crt"]
}
