package policy

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// meshes are how the names of containers begin that service meshes and Vault put into pods.
var meshes = []string{"istio-", "linkerd-", "consul-", "vault-"}

// meshFix is what to do about the init container of a mesh that changes the network of its pod, which takes root and
// NET_ADMIN; empty for all others. Each mesh has a CNI plugin that does it on the node instead.
func meshFix(c *corev1.Container) string {
	adds := c.SecurityContext != nil && c.SecurityContext.Capabilities != nil && slices.ContainsFunc(c.SecurityContext.Capabilities.Add,
		func(name corev1.Capability) bool { return strings.TrimPrefix(string(name), "CAP_") == "NET_ADMIN" })
	if !adds || !slices.ContainsFunc(meshes, func(prefix string) bool { return strings.HasPrefix(c.Name, prefix) }) {
		return ""
	}
	mesh, _, _ := strings.Cut(c.Name, "-")
	return fmt.Sprintf("have the administrator install the CNI plugin of %s, with which container %q needs neither NET_ADMIN nor root",
		mesh, short(c.Name))
}

// meshFixOf is that of the first init container of a pod that has one.
func meshFixOf(spec *corev1.PodSpec) string {
	for i := range spec.InitContainers {
		if fix := meshFix(&spec.InitContainers[i]); fix != "" {
			return fix
		}
	}
	return ""
}
