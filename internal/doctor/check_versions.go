package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/version"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// The versions of Kubernetes that polymoat runs on: the oldest is the chart's kubeVersion, the newest the last one that
// it was tested with.
const (
	oldestKubernetes = "1.31"
	newestKubernetes = "1.37"
)

// kubernetesVersion finds an API server that is older than what the manifests need, or newer than what was tested.
func kubernetesVersion(v View) []Finding {
	server, err := version.ParseGeneric(v.Kubernetes)
	if err != nil {
		return []Finding{{
			Severity: Warning,
			What:     fmt.Sprintf("The API server's version %q is none that can be compared.", v.Kubernetes),
			Why:      fmt.Sprintf("polymoat runs on Kubernetes %s to %s.", oldestKubernetes, newestKubernetes),
			Fix:      "kubectl version",
		}}
	}
	switch {
	case server.LessThan(version.MustParseGeneric(oldestKubernetes)):
		return []Finding{{
			Severity: Error,
			What:     fmt.Sprintf("The API server is of version %s, and the oldest that polymoat runs on is %s.", v.Kubernetes, oldestKubernetes),
			Why:      "It does not know fields that polymoat's Deployment and webhooks use.",
			Fix:      "kubectl version # and upgrade the cluster",
		}}
	case server.WithPatch(0).GreaterThan(version.MustParseGeneric(newestKubernetes)):
		return []Finding{{
			Severity: Info,
			What:     fmt.Sprintf("The API server is of version %s, and the newest that this plugin was tested with is %s.", v.Kubernetes, newestKubernetes),
			Why:      "Newer versions may have doors that this version does not know; unknown subresources of pods are refused.",
			Fix:      v.upgrade(),
		}}
	}
	return nil
}

func (v View) upgrade() string {
	if v.Deployment == nil {
		return "helm upgrade --install polymoat manifests/chart --namespace polymoat-system --create-namespace"
	}
	return v.reinstall()
}

// versionSkew finds replicas of two versions, and a plugin of another than theirs. Patch releases decide alike.
func versionSkew(v View) []Finding {
	versions := map[string]bool{}
	for _, pod := range v.replicas() {
		versions[versionOf(pod)] = true
	}
	running := slices.Sorted(maps.Keys(versions))
	if len(running) > 1 {
		return []Finding{{
			Severity: Warning,
			What:     fmt.Sprintf("Replicas of %s run the versions %s.", v.place(), v1alpha1.Quoted(running)),
			Why:      "Until the rollout ends, the answer to a pod depends on which of them is asked.",
			Fix:      v.kubectl("rollout status " + v.name()),
		}}
	}
	if len(running) == 0 {
		return nil // replicas says so
	}
	plugin, pluginErr := version.ParseGeneric(v.Plugin)
	server, serverErr := version.ParseGeneric(running[0])
	switch {
	case pluginErr != nil || serverErr != nil:
		return []Finding{{
			Severity: Info,
			What:     fmt.Sprintf("The plugin is of version %q and the server of %q, which cannot be compared.", v.Plugin, running[0]),
			Why:      "A plugin of another version may explain what the server does not do.",
			Fix:      "kubectl polymoat version",
		}}
	case plugin.Major() != server.Major() || plugin.Minor() != server.Minor():
		return []Finding{{
			Severity: Warning,
			What:     fmt.Sprintf("The plugin is of version %q, and the server of %q.", v.Plugin, running[0]),
			Why:      "What explain, diff and preview say is what a server of the plugin's version would do.",
			Fix:      "kubectl polymoat version # and install the plugin of version " + running[0],
		}}
	}
	return nil
}

// versionOf is the tag of a replica's image where that is a version, else what its label says.
func versionOf(pod *corev1.Pod) string {
	for _, c := range pod.Spec.Containers {
		image, _, _ := strings.Cut(c.Image, "@")
		tag := image[strings.LastIndexByte(image, '/')+1:]
		if _, tag, ok := strings.Cut(tag, ":"); ok && c.Name == "polymoat" {
			if _, err := version.ParseGeneric(tag); err == nil {
				return tag
			}
		}
	}
	return pod.Labels["app.kubernetes.io/version"]
}
