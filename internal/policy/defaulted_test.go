package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

// TestPodsOfFilesAreJudgedAsAnAPIServerStoresThem: what it fills in counts, and is no change of ours.
func TestPodsOfFilesAreJudgedAsAnAPIServerStoresThem(t *testing.T) {
	pod := with(job(), func(p *corev1.Pod) {
		p.Spec.HostNetwork = true
		p.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 6379}, {ContainerPort: 80, HostPort: 81}}
		p.Spec.Volumes = []corev1.Volume{{Name: "scratch"}}
	})
	before := pod.DeepCopy()
	d := compile(t, v1alpha1.Default()).Review(policy.Request{Namespace: "polyaxon", Pod: pod})
	const want = `pods "train" of role "jobs": spec is against the restricted Pod Security Standard; ` +
		`remove hostNetwork, hostPID and hostIPC [pod-security]: host namespaces (hostNetwork=true). ` +
		`Also: spec.containers[*].ports is against the restricted Pod Security Standard; remove hostPort and use a Service [pod-security]: ` +
		`hostPort (container "polyaxon-main" uses hostPorts 6379, 81)`
	if diff := cmp.Diff(want, d.Sentence("train")); diff != "" {
		t.Errorf("sentence (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, pod); diff != "" {
		t.Errorf("the request's pod was modified (-before +after):\n%s", diff)
	}
	if ports := d.Pod.Spec.Containers[0].Ports; ports[0].HostPort != 0 || d.Pod.Spec.Volumes[0].EmptyDir != nil {
		t.Errorf("stored with ports %v and volumes %v", ports, d.Pod.Spec.Volumes)
	}
}
