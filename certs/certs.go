// Package certs says where the serving certificate comes from: the files tls.crt and tls.key of a folder. Whoever writes
// them (cert-manager, a person) may change them at any time; a running server picks the new pair up. Where neither is
// there, a self-signed pair is made, for trials.
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
