package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/native"
)

const policiesPath = "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies"

// emptyCluster has nodes and pods of none, and these policies.
func emptyCluster(t *testing.T, policies string) (kubeconfig string) {
	t.Helper()
	list := func(apiVersion, kind, items string) string {
		return `{"apiVersion":"` + apiVersion + `","kind":"` + kind + `List","metadata":{"resourceVersion":"1"},"items":[` + items + `]}`
	}
	answers := map[string]string{
		"/api/v1/nodes": list("v1", "Node", ""), "/api/v1/namespaces/polyaxon/pods": list("v1", "Pod", ""),
		policiesPath: list("admissionregistration.k8s.io/v1", "MutatingAdmissionPolicy", policies),
	}
	if policies == "forbidden" {
		delete(answers, policiesPath)
	}
	_, kubeconfig = answering(t, answers)
	return kubeconfig
}

// TestPreviewOfTwin: where the native twin is installed, preview says what changes in it.
func TestPreviewOfTwin(t *testing.T) {
	write := func(name, text string) string {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	same := write("same.yaml", v1alpha1.DefaultYAML)
	other := write("other.yaml", strings.Replace(v1alpha1.DefaultYAML, "namespaces: [polyaxon]", "namespaces: [polyaxon]\n  nodeNameUsers: [jane]", 1))
	large := write("large.yaml", strings.Replace(v1alpha1.DefaultYAML, "namespaces: [polyaxon]", "namespaces: [polyaxon"+many(50)+"]", 1))
	const installed = `{"metadata":{"name":"polymoat-polyaxon","annotations":{"` + native.HashAnnotation + `":"012345678901"}}}`
	const strange = `{"metadata":{"name":"polymoat-like"}}`
	const nothing = "Nothing differs for 0 pods.\n"
	for name, tc := range map[string]struct {
		policies, file string
		code           int
		out, errOut    string
	}{
		"without a twin": {strange, other, 0, nothing, ""},
		"nothing":        {installed, same, 0, nothing + "Native twin: nothing changes.\n", ""},
		"something": {installed, other, 1, nothing + `Native twin: these of its policies change.
  polymoat-polyaxon-pods-enforce: changed: okNodeName
Once the new policy is in force, install it again:
  kubectl polymoat native --in-force | kubectl apply -f -
`, ""},
		"too much": {installed, large, 1, nothing + `Native twin: it cannot be written for the new policy.
  policy "polyaxon": spec.namespaces: there are 51, and a native twin takes 50 at most
`, ""},
		"forbidden": {"forbidden", other, 0, nothing, "note: whether the native twin is installed is not known: " + policiesPath + " is forbidden\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("KUBECONFIG", emptyCluster(t, tc.policies))
			var out, errOut strings.Builder
			code := Main([]string{"preview", "-n", "polyaxon", "--against", same, "--policy", tc.file}, strings.NewReader(""), &out, &errOut)
			if code != tc.code || out.String() != tc.out || errOut.String() != tc.errOut {
				t.Errorf("exit code %d, want %d\n%s%swant\n%s%s", code, tc.code, out.String(), errOut.String(), tc.out, tc.errOut)
			}
		})
	}
}

// many is the end of a list of namespaces with so many more.
func many(n int) string {
	var text strings.Builder
	for i := range n {
		text.WriteString(", team-" + string(rune('a'+i/26)) + string(rune('a'+i%26)))
	}
	return text.String()
}
