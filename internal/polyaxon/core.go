package polyaxon

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// platform knows Polyaxon's own components, by the labels of its charts.
func platform(pod *corev1.Pod, _ string) Identity {
	switch {
	case pod.Labels[labelPartOf] == "polyaxon-core":
		return core(labelPartOf, label(pod, labelPartOf))
	case pod.Labels[labelType] == "polyaxon-core", pod.Labels[labelType] == "polyaxon-metrics":
		return core(labelType, label(pod, labelType))
	}
	return Identity{}
}

// hooks are the names of the charts' Helm hook Jobs.
var hooks = []string{
	"sync-db", "tables", "admin-user", "create-exchange", "load-fixtures",
	"clean-runs", "clean-experiments", "clean-jobs", "clean-plugins",
}

// hook knows the pods of Helm hook Jobs. Up to 1.1.0 they carry only app=<fullname> and release, later only
// app.kubernetes.io/name=<fullname>-<hook>; the Job is called <release>-<hook>.
func hook(pod *corev1.Pod, release string) Identity {
	job := owner(pod, "Job")
	name, ok := strings.CutPrefix(job, release+"-")
	if !ok || !slices.Contains(hooks, name) {
		return Identity{}
	}
	fullname := release + "-polyaxon"
	why := fmt.Sprintf("Helm hook Job %q of release %q", job, release)
	switch {
	case pod.Labels[labelApp] == fullname && pod.Labels[labelRelease] == release: // up to 1.1.0
		return core(labelApp, why)
	case pod.Labels[labelName] == fullname+"-"+name:
		return core(labelName, why)
	}
	return Identity{}
}

// dependencies are the charts bundled with Polyaxon's, and its training operators, by the name they go by in labels.
var dependencies = []string{
	"postgresql", "redis", "rabbitmq", "rabbitmq-ha", "docker-registry", "trainingjobs", "tfjob", "pytorchjob", "mpijob",
}

// dependency knows bundled charts, which carry no label of Polyaxon's: the name of the release must tie them to it.
func dependency(pod *corev1.Pod, release string) Identity {
	app, name := pod.Labels[labelApp], pod.Labels[labelName]
	bare, prefixed := strings.CutPrefix(app, release+"-")
	switch {
	case slices.Contains(dependencies, app) && pod.Labels[labelRelease] == release, // 0.5 to 1.20
		prefixed && slices.Contains(dependencies, bare): // 0.2 to 0.4: the only label
		return core(labelApp, fmt.Sprintf("%s, bundled with release %q", label(pod, labelApp), release))
	case slices.Contains(dependencies, name) && pod.Labels[labelInstance] == release: // 2.x
		return core(labelName, fmt.Sprintf("%s, bundled with release %q", label(pod, labelName), release))
	}
	return Identity{}
}

// owner is the name of the pod's controlling owner of that kind, empty where there is none.
func owner(pod *corev1.Pod, kind string) string {
	for _, o := range pod.OwnerReferences {
		if o.Kind == kind && o.Controller != nil && *o.Controller {
			return o.Name
		}
	}
	return ""
}
