package polyaxon_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/polyaxon"
)

func TestNamesOfTheFile(t *testing.T) {
	const text = `spec.tolerations[0], spec.nodeSelector[polyaxon], spec.containers[0].image, metadata.annotations[a]`
	for name, tc := range map[string]struct {
		labels map[string]string
		want   string
	}{
		"1.0 and later": {
			map[string]string{"app.kubernetes.io/part-of": "polyaxon-runs"},
			`environment.tolerations[0], environment.nodeSelector[polyaxon], spec.containers[0].image, environment.annotations[a]`,
		},
		"classic": {
			map[string]string{"type": "polyaxon-runner", "app": "polyaxon-job"},
			`environment.tolerations[0], environment.node_selector[polyaxon], spec.containers[0].image, environment.annotations[a]`,
		},
		"Polyaxon itself": {map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"}, text},
		"another pod":     {nil, text},
	} {
		t.Run(name, func(t *testing.T) {
			file := polyaxon.FileOf(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: tc.labels}})
			if got := file.Names(text); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
