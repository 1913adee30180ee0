package polyaxon

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// Identity is what Polyaxon's own marks say about a pod.
type Identity struct {
	// Role is one of v1alpha1.KnownRoles; empty when nothing ties the pod to Polyaxon.
	Role string
	// Why names the mark that decided: "label app.kubernetes.io/component=polyaxon-jobs".
	Why string
	// Run is true for what users run, false for Polyaxon itself.
	Run bool
	// Label is the key of the label by which a pod claims core: "app.kubernetes.io/part-of". Empty for everything else.
	Label string
}

// The labels that Polyaxon and its charts write.
const (
	labelPartOf    = "app.kubernetes.io/part-of"
	labelComponent = "app.kubernetes.io/component"
	labelName      = "app.kubernetes.io/name"
	labelInstance  = "app.kubernetes.io/instance"
	labelType      = "type"
	labelApp       = "app"
	labelRelease   = "release"

	labelTaskType   = "task_type"
	labelExperiment = "experiment_uuid"

	annotationKind = "operation.polyaxon.com/kind"
)

// Identify tells what a pod is by its marks. release is the name of Polyaxon's Helm release.
//
// A run's marks come first: users choose labels of their own (environment.labels), and since 1.0 nothing stops a run
// from also carrying type=polyaxon-core, or the labels of a bundled database. A pod that claims both is a run.
func Identify(pod *corev1.Pod, release string) Identity {
	for _, test := range []func(*corev1.Pod, string) Identity{modernRun, classicRun, platform, hook, operator, dependency} {
		if id := test(pod, release); id.Role != "" {
			return id
		}
	}
	return Identity{Why: "no label of Polyaxon's"}
}

// Borrowed tells which mark of Polyaxon itself a pod carries, its marks of a run aside. On a run such a mark serves
// only those that want to be mistaken for Polyaxon: the Services of its API and database select by them.
func Borrowed(pod *corev1.Pod, release string) Identity {
	for _, test := range []func(*corev1.Pod, string) Identity{platform, hook, operator, dependency} {
		if id := test(pod, release); id.Role != "" {
			return id
		}
	}
	return Identity{}
}

// components maps app.kubernetes.io/component of runs since 1.0 to roles (cli _k8s/converter, mloperator).
var components = map[string]string{
	"polyaxon-jobs":          v1alpha1.RoleJobs,
	"polyaxon-services":      v1alpha1.RoleServices,
	"polyaxon-notifiers":     v1alpha1.RoleHelpers,
	"polyaxon-cleaners":      v1alpha1.RoleHelpers,
	"polyaxon-tuners":        v1alpha1.RoleHelpers,
	"polyaxon-tfjobs":        v1alpha1.RoleDistributed,
	"polyaxon-pytorch-jobs":  v1alpha1.RoleDistributed,
	"polyaxon-mpi-jobs":      v1alpha1.RoleDistributed,
	"polyaxon-mxjobs":        v1alpha1.RoleDistributed,
	"polyaxon-xgbjobs":       v1alpha1.RoleDistributed,
	"polyaxon-paddle-jobs":   v1alpha1.RoleDistributed,
	"polyaxon-dask-jobs":     v1alpha1.RoleDistributed,
	"polyaxon-dask-clusters": v1alpha1.RoleDistributed,
	"polyaxon-ray-jobs":      v1alpha1.RoleDistributed,
	"polyaxon-ray-clusters":  v1alpha1.RoleDistributed,
}

// kinds maps the annotation operation.polyaxon.com/kind to roles, for components that are not known.
var kinds = map[string]string{
	"job":         v1alpha1.RoleJobs,
	"service":     v1alpha1.RoleServices,
	"notifier":    v1alpha1.RoleHelpers,
	"cleaner":     v1alpha1.RoleHelpers,
	"tuner":       v1alpha1.RoleHelpers,
	"tfjob":       v1alpha1.RoleDistributed,
	"pytorchjob":  v1alpha1.RoleDistributed,
	"mpijob":      v1alpha1.RoleDistributed,
	"mxjob":       v1alpha1.RoleDistributed,
	"xgbjob":      v1alpha1.RoleDistributed,
	"paddlejob":   v1alpha1.RoleDistributed,
	"daskjob":     v1alpha1.RoleDistributed,
	"daskcluster": v1alpha1.RoleDistributed,
	"rayjob":      v1alpha1.RoleDistributed,
	"raycluster":  v1alpha1.RoleDistributed,
}

// modernRun knows runs since 1.0. managed-by is not asked for: other operators rewrite it.
func modernRun(pod *corev1.Pod, _ string) Identity {
	if pod.Labels[labelPartOf] != "polyaxon-runs" {
		return Identity{}
	}
	if role := components[pod.Labels[labelComponent]]; role != "" {
		return run(role, label(pod, labelComponent))
	}
	if role := kinds[pod.Annotations[annotationKind]]; role != "" {
		return run(role, fmt.Sprintf("annotation %s=%s", annotationKind, pod.Annotations[annotationKind]))
	}
	return run(v1alpha1.RoleJobs, label(pod, labelPartOf)+", and no component that is known")
}

// apps maps the label app of classic runs to roles (polyaxon 0.6.1 config_settings/labels.py).
var apps = map[string]string{
	"polyaxon-experiment":  v1alpha1.RoleExperiments,
	"polyaxon-job":         v1alpha1.RoleJobs,
	"polyaxon-dockerizer":  v1alpha1.RoleBuilds,
	"polyaxon-notebook":    v1alpha1.RoleNotebooks,
	"polyaxon-tensorboard": v1alpha1.RoleTensorboards,
}

// prefixes maps the names of classic pods to roles, for runs without a label app.
var prefixes = []struct{ prefix, role string }{
	{"plx-build-", v1alpha1.RoleBuilds},
	{"plx-notebook-", v1alpha1.RoleNotebooks},
	{"plx-tensorboard-", v1alpha1.RoleTensorboards},
	{"plx-job-", v1alpha1.RoleJobs},
	{"plxjob-", v1alpha1.RoleExperiments},
}

// classicRun knows runs of 0.1 to 0.6.
func classicRun(pod *corev1.Pod, _ string) Identity {
	mark := classicMark(pod)
	if mark == "" {
		return Identity{}
	}
	if role := apps[pod.Labels[labelApp]]; role != "" {
		return run(role, label(pod, labelApp))
	}
	if pod.Labels[labelTaskType] != "" || pod.Labels[labelExperiment] != "" {
		return run(v1alpha1.RoleExperiments, mark+" with task_type or experiment_uuid")
	}
	for _, p := range prefixes {
		if strings.HasPrefix(nameOf(pod), p.prefix) {
			return run(p.role, fmt.Sprintf("%s and a name that begins with %s", mark, p.prefix))
		}
	}
	return run(v1alpha1.RoleJobs, mark+", and no app that is known")
}

// IsOldExperiment says whether the labels are those of an experiment of 0.1 or 0.2, which runs under the platform's own
// service account. From 0.4.1 on experiments carry part-of; those between have the labels of 0.2 and an account of their own.
func IsOldExperiment(pod *corev1.Pod) bool {
	_, later := pod.Labels[labelPartOf]
	return !later && classicRun(pod, "").Role == v1alpha1.RoleExperiments
}

// classicMark is the label that says "run" in 0.1 to 0.6, empty where there is none.
func classicMark(pod *corev1.Pod) string {
	switch pod.Labels[labelType] {
	case "polyaxon-runner", "polyaxon-experiment":
		return label(pod, labelType)
	}
	if pod.Labels[labelPartOf] == "polyaxon-runner" {
		return label(pod, labelPartOf)
	}
	return ""
}

// nameOf is the pod's name, or the prefix that it will be generated from.
func nameOf(pod *corev1.Pod) string {
	if pod.Name != "" {
		return pod.Name
	}
	return pod.GenerateName
}

func run(role, why string) Identity { return Identity{Role: role, Why: why, Run: true} }

func core(label, why string) Identity {
	return Identity{Role: v1alpha1.RoleCore, Why: why, Label: label}
}

func label(pod *corev1.Pod, key string) string { return "label " + key + "=" + pod.Labels[key] }
