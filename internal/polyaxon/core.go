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
	case slices.Contains(ownParts, pod.Labels[labelPartOf]):
		return core(labelPartOf, label(pod, labelPartOf))
	case slices.Contains(ownTypes, pod.Labels[labelType]):
		return core(labelType, label(pod, labelType))
	}
	return Identity{}
}

// ownParts and ownTypes are what the charts write on Polyaxon's own pods; integrations are its training operators.
var (
	ownParts = []string{"polyaxon-core", "polyaxon-integration"}
	ownTypes = []string{"polyaxon-core", "polyaxon-metrics", "polyaxon-integration"}
)

// hook knows the pods of Helm hook Jobs (sync-db, default-org), by the shape that all of them have. Up to 1.1.0 they carry
// only app=<fullname> and release, later only app.kubernetes.io/name=<fullname>-<hook>; the Job is called <release>-<hook>.
func hook(pod *corev1.Pod, release string) Identity {
	job := owner(pod, "Job")
	name, ok := strings.CutPrefix(job, release+"-")
	if !ok || name == "" {
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

// dependencies are the charts bundled with Polyaxon's, by the name they go by in labels.
var dependencies = []string{"postgresql", "redis", "rabbitmq", "rabbitmq-ha", "docker-registry"}

// operators are the charts of Polyaxon's training operators. They are releases of their own in the same namespace, and
// older ones carry no other label than app, release and chart.
var operators = []string{"trainingjobs", "tfjob", "pytorchjob", "mpijob"}

// operator knows older training operators, by their chart or by Polyaxon's own release.
func operator(pod *corev1.Pod, release string) Identity {
	app, of := pod.Labels[labelApp], pod.Labels[labelRelease]
	if slices.Contains(operators, app) && (of == release || of != "" && strings.HasPrefix(pod.Labels["chart"], app+"-")) {
		return core(labelApp, label(pod, labelApp)+", a training operator of Polyaxon's")
	}
	return Identity{}
}

// dependency knows bundled charts, which carry no label of Polyaxon's: the name of the release must tie them to it.
func dependency(pod *corev1.Pod, release string) Identity {
	app, name := pod.Labels[labelApp], pod.Labels[labelName]
	bare, prefixed := strings.CutPrefix(app, release+"-")
	switch {
	case slices.Contains(dependencies, app) && pod.Labels[labelRelease] == release, // 0.5 to 1.20
		prefixed && slices.Contains(dependencies, bare),                           // 0.2 to 0.4: the only label
		bare == "polyaxon-nfs" && prefixed && pod.Labels[labelRelease] == release: // 0.1 to 0.3
		return core(labelApp, fmt.Sprintf("%s, bundled with release %q", label(pod, labelApp), release))
	case slices.Contains(dependencies, name) && pod.Labels[labelInstance] == release: // 2.x
		return core(labelName, fmt.Sprintf("%s, bundled with release %q", label(pod, labelName), release))
	}
	return Identity{}
}

// ownComponents are the names of Polyaxon's own components in labels, of all charts since 0.1.
var ownComponents = []string{
	"agent", "api", "beat", "compiler", "events", "flower", "gateway", "hpsearch", "http-backend", "ingress-controller",
	"k8s-events", "logs", "metrics", "monitors", "nfs", "operator", "pgbouncer", "resources", "scheduler", "streams", "worker",
}

// component knows the name of one of Polyaxon's own components, and the label that holds it: app.kubernetes.io/name since
// 0.6, app before. It makes no pod core: 1.0 and later write the name of a run under the same key.
func component(pod *corev1.Pod, release string) (name, key string) {
	for _, key := range []string{labelName, labelApp} {
		name, ok := strings.CutPrefix(pod.Labels[key], release+"-polyaxon-")
		if ok && slices.Contains(ownComponents, name) {
			return name, key
		}
	}
	return "", ""
}

// Place is one among Polyaxon's own pods, which a pod takes by a label.
type Place struct {
	Label string // its key: "app.kubernetes.io/name"
	Why   string // continues the label's value into a sentence: `is the name of Polyaxon's own component "api"`
}

// Places are those that the charts give away by labels alone: their Services and controllers select core's pods by the
// name of a component, or of a bundled dependency, whatever else a pod carries.
func Places(pod *corev1.Pod, release string) []Place {
	var places []Place
	if name, key := component(pod, release); name != "" {
		places = append(places, Place{key, fmt.Sprintf("is the name of Polyaxon's own component %q", name)})
	}
	if id := operator(pod, release); id.Role != "" {
		places = append(places, Place{id.Label, "is the name of one of Polyaxon's training operators"})
	}
	if id := dependency(pod, release); id.Role != "" {
		places = append(places, Place{id.Label, fmt.Sprintf("is the name of a database or tool that is bundled with release %q", release)})
	}
	return places
}

// Shared are those of the labels that Polyaxon writes on every run of a kind, or that mean the same on everything. A
// selector that they meet selects runs as well, so that to meet it tells nothing.
func Shared(labels map[string]string) map[string]string {
	shared := map[string]string{}
	for key, value := range labels {
		if isShared(key, value) {
			shared[key] = value
		}
	}
	return shared
}

func isShared(key, value string) bool {
	switch key {
	case labelPartOf:
		return value == "polyaxon-runs" || value == "polyaxon-runner"
	case labelType:
		return value == "polyaxon-runner" || value == "polyaxon-experiment"
	case "role":
		return value == "polyaxon-workers" || value == "polyaxon-dashboard"
	case labelComponent:
		return components[value] != ""
	case labelApp, labelName:
		return apps[value] != ""
	}
	return key == "app.kubernetes.io/managed-by" || key == "app.kubernetes.io/version"
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
