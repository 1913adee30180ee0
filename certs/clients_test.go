package certs

import (
	"crypto/x509"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var discard = slog.New(slog.DiscardHandler)

// TestClientCAs: the file is read again when it changes, and what was read goes on to hold when it is spoilt.
func TestClientCAs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ca.crt")
	a, b := fresh(t, &contents{}, nil, time.Now()).ca, fresh(t, &contents{}, nil, time.Now()).ca
	write(t, path, string(a))
	c, err := OpenClientCAs(path, discard)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		what, text string
		want       []byte
	}{
		{"as it was", string(a), a},
		{"another authority", string(b), b},
		{"spoilt", "-----BEGIN", b},
		{"both", string(join(a, b)), join(a, b)},
	} {
		write(t, path, step.text)
		want := x509.NewCertPool()
		want.AppendCertsFromPEM(step.want)
		if !c.Pool().Equal(want) {
			t.Errorf("%s: it holds other authorities", step.what)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if c.Pool() == nil {
		t.Error("without the file, there are none")
	}
}

func TestNoClientCAs(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "text"), "hello")
	write(t, filepath.Join(dir, "empty"), "")
	for name, want := range map[string]string{
		"none":  "--client-ca-file: open DIR/none: no such file or directory",
		"empty": "--client-ca-file: DIR/empty holds no certificate in PEM",
		"text":  "--client-ca-file: DIR/text holds no certificate in PEM",
	} {
		_, err := OpenClientCAs(filepath.Join(dir, name), discard)
		if err == nil || strings.ReplaceAll(err.Error(), dir, "DIR") != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
