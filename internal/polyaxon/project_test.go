package polyaxon

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestProject(t *testing.T) {
	for name, tc := range map[string]struct {
		labels, annotations map[string]string
		owner, project      string
	}{
		"annotations since operator 1.9": {
			annotations: map[string]string{"operation.polyaxon.com/owner": "jane", "operation.polyaxon.com/project": "mnist"},
			labels:      map[string]string{"app.kubernetes.io/instance": "4f1c2d3e"},
			owner:       "jane", project: "mnist",
		},
		"only a project": {
			annotations: map[string]string{"operation.polyaxon.com/project": "mnist"},
			project:     "mnist",
		},
		"label of 0.x":            {labels: map[string]string{"project_name": "jane.mnist"}, owner: "jane", project: "mnist"},
		"a project with a dot":    {labels: map[string]string{"project_name": "jane.mnist.v2"}, owner: "jane", project: "mnist.v2"},
		"instance of 1.1.0":       {labels: map[string]string{"app.kubernetes.io/instance": "jane.mnist.runs.4f1c"}, owner: "jane", project: "mnist"},
		"instance that is a uuid": {labels: map[string]string{"app.kubernetes.io/instance": "4f1c2d3e"}},
		"a release":               {labels: map[string]string{"app.kubernetes.io/instance": "my.release"}},
		"nothing":                 {},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: tc.labels, Annotations: tc.annotations}}
			owner, project := Project(pod)
			if owner != tc.owner || project != tc.project {
				t.Errorf("owner %q and project %q, want %q and %q", owner, project, tc.owner, tc.project)
			}
		})
	}
}
