package polyaxon

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// EnvironmentFields are the fields of a pod's spec that a polyaxonfile of 1.0 and later sets by the same name in
// environment.
var EnvironmentFields = []string{
	"affinity", "hostIPC", "hostNetwork", "hostPID", "nodeName", "nodeSelector", "priorityClassName", "schedulerName", "securityContext",
	"serviceAccountName", "tolerations",
}

var (
	modernNames  = namesOf(EnvironmentFields)
	classicNames = strings.NewReplacer("spec.nodeSelector", "environment.node_selector", "spec.tolerations", "environment.tolerations",
		"spec.affinity", "environment.affinity", "metadata.labels", "environment.labels", "metadata.annotations", "environment.annotations")
)

func namesOf(fields []string) *strings.Replacer {
	pairs := []string{"metadata.labels", "environment.labels", "metadata.annotations", "environment.annotations"}
	for _, name := range fields {
		pairs = append(pairs, "spec."+name, "environment."+name)
	}
	return strings.NewReplacer(pairs...)
}

// File says what a pod was made of. The zero value is no file of Polyaxon's.
type File string

// The files.
const (
	Polyaxonfile File = "polyaxonfile" // of 1.0 and later
	ClassicFile  File = "classic"      // of 0.x
)

// FileOf is what the pod was made of: runs are made of polyaxonfiles.
func FileOf(pod *corev1.Pod) File {
	switch {
	case modernRun(pod, "").Run:
		return Polyaxonfile
	case classicRun(pod, "").Run:
		return ClassicFile
	default:
		return ""
	}
}

// Names is the text with the fields of the pod as the file calls them: spec.nodeSelector is environment.nodeSelector, and in
// files of 0.x environment.node_selector. What the file has no such name for stays as it is.
func (f File) Names(text string) string {
	switch f {
	case Polyaxonfile:
		return modernNames.Replace(text)
	case ClassicFile:
		return classicNames.Replace(text)
	default:
		return text
	}
}
