package polyaxon_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/polyaxon"
)

type labels = map[string]string

func TestIdentify(t *testing.T) {
	for name, tc := range map[string]struct {
		name, job           string
		labels, annotations labels
		role, why           string
	}{
		"component decides": {
			labels: labels{"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-xgbjobs"},
			role:   "distributed", why: "label app.kubernetes.io/component=polyaxon-xgbjobs",
		},
		"kuberay rewrites managed-by": {
			labels: labels{
				"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/managed-by": "kuberay-operator",
				"app.kubernetes.io/component": "polyaxon-ray-jobs",
			},
			role: "distributed", why: "label app.kubernetes.io/component=polyaxon-ray-jobs",
		},
		"the kind where the component is new": {
			labels:      labels{"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "x"},
			annotations: labels{"operation.polyaxon.com/kind": "service"},
			role:        "services", why: "annotation operation.polyaxon.com/kind=service",
		},
		"a run of which nothing else is known": {
			labels: labels{"app.kubernetes.io/part-of": "polyaxon-runs"},
			role:   "jobs", why: "label app.kubernetes.io/part-of=polyaxon-runs, and no component that is known",
		},
		"the label role tells nothing": {labels: labels{"role": "polyaxon-workers"}, why: "no label of Polyaxon's"},
		"a run that claims core is a run": {
			labels: labels{"app.kubernetes.io/part-of": "polyaxon-runs", "type": "polyaxon-core", "app.kubernetes.io/component": "polyaxon-jobs"},
			role:   "jobs", why: "label app.kubernetes.io/component=polyaxon-jobs",
		},
		"a run that claims the database is a run": {
			labels: labels{"type": "polyaxon-runner", "app": "postgresql", "release": "polyaxon"},
			role:   "jobs", why: "label type=polyaxon-runner, and no app that is known",
		},
		"classic by part-of alone": {
			labels: labels{"app.kubernetes.io/part-of": "polyaxon-runner", "app": "polyaxon-tensorboard"},
			role:   "tensorboards", why: "label app=polyaxon-tensorboard",
		},
		"classic by task type": {
			labels: labels{"type": "polyaxon-experiment", "task_type": "ps"},
			role:   "experiments", why: "label type=polyaxon-experiment with task_type or experiment_uuid",
		},
		"classic by name": {
			name: "plx-build-123", labels: labels{"type": "polyaxon-runner"},
			role: "builds", why: "label type=polyaxon-runner and a name that begins with plx-build-",
		},
		"a name alone tells nothing":   {name: "plx-build-123", why: "no label of Polyaxon's"},
		"core of 2.x":                  {labels: labels{"app.kubernetes.io/part-of": "polyaxon-core"}, role: "core", why: "label app.kubernetes.io/part-of=polyaxon-core"},
		"core of 0.x and chart 1.1.0":  {labels: labels{"type": "polyaxon-core"}, role: "core", why: "label type=polyaxon-core"},
		"metrics of chart 1.1.0":       {labels: labels{"type": "polyaxon-metrics"}, role: "core", why: "label type=polyaxon-metrics"},
		"a hook of 0.x":                {job: "ml-tables", labels: labels{"app": "ml-polyaxon", "release": "ml"}, role: "core", why: `Helm hook Job "ml-tables" of release "ml"`},
		"a hook of 2.x":                {job: "ml-sync-db", labels: labels{"app.kubernetes.io/name": "ml-polyaxon-sync-db"}, role: "core", why: `Helm hook Job "ml-sync-db" of release "ml"`},
		"a hook without its Job":       {labels: labels{"app.kubernetes.io/name": "ml-polyaxon-sync-db"}, why: "no label of Polyaxon's"},
		"a hook of another name":       {job: "ml-default-org", labels: labels{"app.kubernetes.io/name": "ml-polyaxon-default-org"}, role: "core", why: `Helm hook Job "ml-default-org" of release "ml"`},
		"a Job that is no hook":        {job: "ml-train", labels: labels{"app.kubernetes.io/name": "ml-polyaxon-tables"}, why: "no label of Polyaxon's"},
		"a Job without a hook's name":  {job: "ml-", labels: labels{"app.kubernetes.io/name": "ml-polyaxon-"}, why: "no label of Polyaxon's"},
		"a training operator":          {labels: labels{"app": "trainingjobs", "release": "operators", "chart": "trainingjobs-2.1.0"}, role: "core", why: "label app=trainingjobs, a training operator of Polyaxon's"},
		"one with its own label":       {labels: labels{"app.kubernetes.io/part-of": "polyaxon-integration"}, role: "core", why: "label app.kubernetes.io/part-of=polyaxon-integration"},
		"somebody's own tfjob":         {labels: labels{"app": "tfjob", "release": "operators"}, why: "no label of Polyaxon's"},
		"another release's hook":       {job: "ai-sync-db", labels: labels{"app.kubernetes.io/name": "ai-polyaxon-sync-db"}, why: "no label of Polyaxon's"},
		"a dependency of 0.2":          {labels: labels{"app": "ml-rabbitmq"}, role: "core", why: `label app=ml-rabbitmq, bundled with release "ml"`},
		"a dependency of 0.5 to 1.20":  {labels: labels{"app": "rabbitmq-ha", "release": "ml"}, role: "core", why: `label app=rabbitmq-ha, bundled with release "ml"`},
		"a dependency of 2.x":          {labels: labels{"app.kubernetes.io/name": "rabbitmq", "app.kubernetes.io/instance": "ml"}, role: "core", why: `label app.kubernetes.io/name=rabbitmq, bundled with release "ml"`},
		"another release's dependency": {labels: labels{"app": "postgresql", "release": "wiki"}, why: "no label of Polyaxon's"},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: tc.name, Labels: tc.labels, Annotations: tc.annotations}}
			if tc.job != "" {
				pod.OwnerReferences = []metav1.OwnerReference{{Kind: "Job", Name: tc.job, Controller: ptr.To(true)}}
			}
			got := polyaxon.Identify(pod, "ml")
			if got.Role != tc.role || got.Why != tc.why {
				t.Errorf("got %q because %q, want %q because %q", got.Role, got.Why, tc.role, tc.why)
			}
		})
	}
}
