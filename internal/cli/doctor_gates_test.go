package cli

import (
	"slices"
	"testing"
)

func TestOpenGates(t *testing.T) {
	const metrics = `# TYPE kubernetes_feature_enabled gauge
kubernetes_feature_enabled{name="WorkloadWithJob",stage="ALPHA"} 1
kubernetes_feature_enabled{name="GenericWorkload",stage="BETA"} 1
kubernetes_feature_enabled{name="CompositePodGroup",stage="ALPHA"} 0
kubernetes_feature_enabled{name="SidecarContainers",stage=""} 1
apiserver_request_total{code="200"} 1
`
	if got, want := openGates([]byte(metrics)), []string{"GenericWorkload", "WorkloadWithJob"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
