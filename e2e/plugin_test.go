package e2e_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli"
)

// plugin runs the kubectl plugin as the user, and returns its exit code and what it printed.
func plugin(t *testing.T, user string, args ...string) (code int, out, errOut string) {
	t.Helper()
	t.Setenv("KUBECACHEDIR", t.TempDir())
	return offline(append(args, "--kubeconfig", control.Kubeconfig(user))...)
}

// offline runs the kubectl plugin where it needs no cluster.
func offline(args ...string) (code int, out, errOut string) {
	var stdout, stderr bytes.Buffer
	code = cli.Main(args, strings.NewReader(""), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

// policyFile writes the built-in policy with some of its text replaced, each by what follows it.
func policyFile(t *testing.T, replace ...string) string {
	t.Helper()
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(v1alpha1.DefaultYAML, replace[i]) {
			t.Fatalf("the built-in policy has no %q", replace[i])
		}
	}
	path := filepath.Join(t.TempDir(), "policy.yaml")
	text := strings.NewReplacer(replace...).Replace(v1alpha1.DefaultYAML)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
