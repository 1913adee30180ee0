package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSelfSigned(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	watcher, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := watcher.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	for _, name := range []string{"localhost", "127.0.0.1", "::1", host, "polymoat.polymoat-system.svc", "polymoat.polymoat-system.svc.cluster.local"} {
		if _, err := cert.Verify(x509.VerifyOptions{DNSName: name, Roots: roots}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if key, ok := cert.PublicKey.(*ecdsa.PublicKey); !ok || key.Curve != elliptic.P256() {
		t.Errorf("the key is a %T", cert.PublicKey)
	}
	if left := time.Until(cert.NotAfter); left < 364*24*time.Hour || left > 366*24*time.Hour {
		t.Errorf("the certificate lasts %s", left)
	}
	if !cert.IPAddresses[1].Equal(net.IPv6loopback) {
		t.Errorf("the addresses are %v", cert.IPAddresses)
	}
	for path, want := range map[string]os.FileMode{dir: 0o700 | os.ModeDir, filepath.Join(dir, CertName): 0o600, filepath.Join(dir, KeyName): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %s, want %s", path, info.Mode(), want)
		}
	}
}

func TestAPairThatIsThereIsKept(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	before := read(t, filepath.Join(dir, CertName))
	open(t, dir)
	if read(t, filepath.Join(dir, CertName)) != before {
		t.Error("the certificate was replaced")
	}
}

func TestNoPair(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(t *testing.T, dir string)
		want  string
	}{
		"no key": {
			func(t *testing.T, dir string) { remove(t, filepath.Join(dir, KeyName)) },
			"DIR/tls.key is missing, and DIR/tls.crt is there; add the one, or remove the other to have a self-signed pair made",
		},
		"no certificate": {
			func(t *testing.T, dir string) { remove(t, filepath.Join(dir, CertName)) },
			"DIR/tls.crt is missing, and DIR/tls.key is there; add the one, or remove the other to have a self-signed pair made",
		},
		"the key of another": {
			func(t *testing.T, dir string) {
				other := t.TempDir()
				open(t, other)
				write(t, filepath.Join(dir, KeyName), read(t, filepath.Join(other, KeyName)))
			},
			"DIR/tls.crt and DIR/tls.key are no pair: tls: private key does not match public key; write both anew, or remove both to have a self-signed pair made",
		},
		"no PEM": {
			func(t *testing.T, dir string) { write(t, filepath.Join(dir, CertName), "hello") },
			"DIR/tls.crt and DIR/tls.key are no pair: tls: failed to find any PEM data in certificate input; write both anew, or remove both to have a self-signed pair made",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			open(t, dir)
			tc.spoil(t, dir)
			_, err := Open(dir)
			if err == nil {
				t.Fatal("no error")
			}
			if got := strings.ReplaceAll(err.Error(), dir, "DIR"); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestNoFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "")
	_, err := Open(filepath.Join(file, "dir"))
	if err == nil || !strings.HasSuffix(err.Error(), "name a writable folder with --cert-dir, or put tls.crt and tls.key there") &&
		!strings.Contains(err.Error(), "not a directory") {
		t.Errorf("got %v", err)
	}
}

func open(t *testing.T, dir string) {
	t.Helper()
	if _, err := Open(dir); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}
