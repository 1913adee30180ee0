package binaries

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

const certManagerModule = "github.com/cert-manager/cert-manager"

// crds are the files of cert-manager's module that define what its controllers work on.
var crds = []string{"certificaterequests", "certificates", "clusterissuers", "issuers"}

// CertManager builds the controllers of cert-manager from its Go module. It returns the program, and the definitions of
// its resources as a YAML stream. The first build takes a minute or two, the go command makes a second one instant.
func CertManager(ctx context.Context, root string, out io.Writer) (program, definitions string, err error) {
	module := filepath.Join(root, "e2e", "certmanager")
	program = filepath.Join(root, ".cache", "e2e", "cert-manager")
	if !isFile(program) {
		fmt.Fprintln(out, "cert-manager: building from its Go module, which takes a minute or two")
	}
	if _, err := goTool(ctx, module, "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "."); err != nil {
		return "", "", err
	}
	dir, err := goTool(ctx, module, "list", "-m", "-f", "{{.Dir}}", certManagerModule)
	if err != nil {
		return "", "", err
	}
	var docs [][]byte
	for _, crd := range crds {
		doc, err := os.ReadFile(filepath.Join(dir, "deploy", "crds", "cert-manager.io_"+crd+".yaml"))
		if err != nil {
			return "", "", err
		}
		docs = append(docs, doc)
	}
	return program, string(bytes.Join(docs, []byte("\n---\n"))), nil
}
