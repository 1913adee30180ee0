package bench_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/polymoat/polymoat/certs"
	"github.com/polymoat/polymoat/e2e/check"
	"github.com/polymoat/polymoat/e2e/cluster"
)

// floor serves the least that a pair of webhooks can do: it finds the uid without decoding anything, and answers
// "allowed", on /mutate with the patch that lies in the folder.
func floor(address, dir string) error {
	patch, err := os.ReadFile(filepath.Join(dir, "patch"))
	if err != nil {
		return err
	}
	if _, err := certs.Open(dir); err != nil {
		return err
	}
	mutated := fmt.Appendf(nil, `,"patchType":"JSONPatch","patch":%q`, base64.StdEncoding.EncodeToString(patch))
	mux := http.NewServeMux()
	mux.HandleFunc("/mutate", func(w http.ResponseWriter, r *http.Request) { allow(w, r, mutated) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { allow(w, r, nil) })
	return http.ListenAndServeTLS(address, filepath.Join(dir, certs.CertName), filepath.Join(dir, certs.KeyName), mux)
}

func allow(w http.ResponseWriter, r *http.Request, more []byte) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_, rest, _ := bytes.Cut(body, []byte(`"uid":"`))
	uid, _, _ := bytes.Cut(rest, []byte(`"`))
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":%q,"allowed":true%s}}`, uid, more)
}

// startFloor runs the floor in a process of its own, which pays for its own garbage, and points a copy of the shipped
// configurations at it, for one namespace.
func startFloor(b *testing.B, namespace string, patch []byte) {
	b.Helper()
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "patch"), patch, 0o600); err != nil {
		b.Fatal(err)
	}
	if _, err := certs.Open(dir); err != nil {
		b.Fatal(err)
	}
	ca, err := os.ReadFile(filepath.Join(dir, certs.CertName))
	if err != nil {
		b.Fatal(err)
	}
	address := check.FreeAddress(b)
	server := exec.Command(os.Args[0], "-floor", address, "-floor-dir", dir)
	server.Stderr, server.SysProcAttr = os.Stderr, cluster.ChildAttributes()
	if err := server.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	_, webhooks, err := cluster.Manifests(shipped())
	if err != nil {
		b.Fatal(err)
	}
	for _, object := range webhooks {
		object.SetName("floor")
		if err := cluster.PointAt(object, "https://"+address, ca, []string{namespace}); err != nil {
			b.Fatal(err)
		}
	}
	if err := control.Create(webhooks...); err != nil {
		b.Fatal(err)
	}
}
