package doctor

import (
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// Label is what polymoat's own objects carry, whatever their release is called.
const Label = "app.kubernetes.io/name=polymoat"

// PolicyMap is the name of the ConfigMap that pods take their policies from: that of their volume "policy". It is empty
// where there is no such volume.
func PolicyMap(pod corev1.PodSpec) string {
	for _, volume := range pod.Volumes {
		if volume.Name == "policy" && volume.ConfigMap != nil {
			return volume.ConfigMap.Name
		}
	}
	return ""
}

// ServingSecret is the name of the Secret with the serving certificate, mounted or kept by the server itself. It is empty
// where the certificate comes from elsewhere.
func ServingSecret(d *appsv1.Deployment) string {
	_, name, _ := strings.Cut(argument(d, "--cert-secret"), "/")
	if name != "" {
		return name
	}
	for _, volume := range d.Spec.Template.Spec.Volumes {
		if volume.Name == "tls" && volume.Secret != nil {
			return volume.Secret.SecretName
		}
	}
	return ""
}

// configurationName is the name of both webhook configurations.
func configurationName(d *appsv1.Deployment) string {
	if name := argument(d, "--webhook-configuration"); name != "" {
		return name
	}
	return "polymoat" // the server's own default
}

// auditLease is the Lease of the replica that audits; its name is empty where none does.
func auditLease(d *appsv1.Deployment) (namespace, name string) {
	namespace, name, _ = strings.Cut(argument(d, "--audit-lease"), "/")
	return namespace, name
}

func selfManaged(d *appsv1.Deployment) bool { return argument(d, "--cert-source") == "self-managed" }

// argument is the value of a flag of the server; empty where it is not set. Of several the last counts, as for the server.
func argument(d *appsv1.Deployment, flag string) string {
	var args []string
	for _, c := range d.Spec.Template.Spec.Containers {
		if c.Name == "polymoat" {
			args = slices.Concat(c.Command, c.Args)
		}
	}
	value := ""
	for i, arg := range args {
		if v, ok := strings.CutPrefix(arg, flag+"="); ok {
			value = v
		}
		if arg == flag && i+1 < len(args) {
			value = args[i+1]
		}
	}
	return value
}
