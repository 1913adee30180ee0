package chart_test

import (
	"strings"
	"testing"
)

// TestTwinNeedsItsKubernetes: nobody relies on a twin that the API server cannot have.
func TestTwinNeedsItsKubernetes(t *testing.T) {
	const want = "native.installed: Kubernetes v1.35.4 serves no MutatingAdmissionPolicies, so the native twin cannot be there: it needs 1.36; set it to false"
	_, err := helm.Render(t.Context(), "polymoat", "polymoat-system", "--kube-version=1.35.4", "--set=native.installed=true")
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	for _, flags := range [][]string{{"--kube-version=1.36.0", "--set=native.installed=true"}, {"--kube-version=1.34.4"}} {
		if _, err := helm.Render(t.Context(), "polymoat", "polymoat-system", flags...); err != nil {
			t.Errorf("%v: %v", flags, err)
		}
	}
}
