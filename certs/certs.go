// Package certs says where the serving certificate comes from.
//
//	files         tls.crt and tls.key of a folder. Whoever writes them (cert-manager through a mounted Secret, a person) may
//	              change them at any time; a running server picks the new pair up. Where neither is there, a self-signed
//	              pair is made, for trials.
//	self-managed  a Secret that the replicas share. They make the authority and the pair, renew both in time, and see to
//	              it that the webhook configurations trust the new authority before any of them shows the new pair.
//
// It also says which clients the server accepts (ClientCAs).
package certs

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"sigs.k8s.io/controller-runtime/pkg/certwatcher"
)

// Source is where the serving certificate comes from. It is the value of a flag.
type Source string

const (
	// Files are tls.crt and tls.key of a folder.
	Files Source = "files"
	// SelfManaged is a Secret that polymoat itself keeps.
	SelfManaged Source = "self-managed"
)

// Set takes the value of the flag.
func (s *Source) Set(value string) error {
	switch source := Source(value); source {
	case Files, SelfManaged:
		*s = source
		return nil
	}
	return fmt.Errorf("it is %s or %s", Files, SelfManaged)
}

func (s *Source) String() string { return string(*s) }

// Type names the kind of value in the help.
func (s *Source) Type() string { return "source" }

// The names of the files, which are those of a Secret of type kubernetes.io/tls.
const (
	CertName = "tls.crt"
	KeyName  = "tls.key"
)

// DefaultDir is where the pair is looked for unless a flag says otherwise: the folder of every server that is built with
// controller-runtime, $TMPDIR/k8s-webhook-server/serving-certs.
func DefaultDir() string {
	return filepath.Join(os.TempDir(), "k8s-webhook-server", "serving-certs")
}

// Open loads the pair in dir, made first where dir holds none. The pair is watched once the watcher is started.
func Open(dir string) (*certwatcher.CertWatcher, error) {
	cert, key := filepath.Join(dir, CertName), filepath.Join(dir, KeyName)
	hasCert, hasKey := exists(cert), exists(key)
	switch {
	case hasCert && !hasKey:
		return nil, half(key, cert)
	case hasKey && !hasCert:
		return nil, half(cert, key)
	case !hasCert:
		if err := writeSelfSigned(cert, key); err != nil {
			return nil, fmt.Errorf("make a self-signed certificate: %w; name a writable folder with --cert-dir, or put %s and %s there", err, CertName, KeyName)
		}
	}
	if _, err := tls.LoadX509KeyPair(cert, key); err != nil {
		return nil, fmt.Errorf("%s and %s are no pair: %w; write both anew, or remove both to have a self-signed pair made", cert, key, err)
	}
	watcher, err := certwatcher.New(cert, key)
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", dir, err)
	}
	return watcher, nil
}

// exists takes a file that cannot be looked at for there: reading it will say why it cannot be.
func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

func half(missing, present string) error {
	return fmt.Errorf("%s is missing, and %s is there; add the one, or remove the other to have a self-signed pair made", missing, present)
}
