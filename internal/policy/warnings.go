package policy

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// storeWarnings tell whoever creates a run that Polyaxon keeps its artifacts on the node, as its charts do unless they
// are told otherwise. One volume is told.
func (v View) storeWarnings() []string {
	if v.role.name == v1alpha1.RoleCore || v.role.name == v1alpha1.RoleOther {
		return nil
	}
	for _, volume := range v.Pod.Spec.Volumes {
		if volume.HostPath == nil || !slices.Contains(v1alpha1.StorePaths, path.Clean(volume.HostPath.Path)) {
			continue
		}
		writable, chown := "", ""
		if sc := v.Pod.Spec.SecurityContext; sc != nil && ptr.Deref(sc.RunAsUser, 0) != 0 {
			writable = fmt.Sprintf(", and uid %d must be able to write there", *sc.RunAsUser)
			chown = fmt.Sprintf(`, or run "chown %d" on that folder of every node`, *sc.RunAsUser)
		}
		return []string{fmt.Sprintf("volume %q keeps what the run writes on its node, in %s: it is lost with the node%s; "+
			"have the administrator set artifactsStore in Polyaxon's chart to a volume claim or a bucket%s",
			short(volume.Name), path.Clean(volume.HostPath.Path), writable, chown)}
	}
	return nil
}

// rootNeeded are what does not work as an ordinary user, by the repository of the main container.
var rootNeeded = []string{"rocker/rstudio", "rocker/tidyverse", "rocker/verse", "rocker/geospatial", "rocker/ml", "linuxserver/code-server", "linuxserver/openvscode-server"}

// rootWarnings tell whoever creates a run that something in it needs root, which it does not get.
func (v View) rootWarnings() []string {
	main := polyaxon.Main(v.Pod)
	if main == nil || v.hardeningRole.level != v1alpha1.Restricted {
		return nil
	}
	if slices.ContainsFunc(main.Command, isSSH) {
		return []string{"plugins.ssh logs in as root on port 22, and this run is no root: it will not let anybody in; use kubectl exec, or leave the plugin out"}
	}
	for _, repository := range rootNeeded {
		if polyaxon.ImageIs(main.Image, repository) {
			return []string{fmt.Sprintf("image %q starts as root and changes to a user then, and this run is no root: it may not start; use an image that runs as any user",
				short(main.Image))}
		}
	}
	return nil
}

// isSSH says whether a word of a command is the script with which Polyaxon's plugin starts (2.16).
func isSSH(word string) bool {
	base := path.Base(word)
	return strings.HasPrefix(base, "bootstrap-") && strings.Contains(base, "ssh") && strings.HasSuffix(base, ".sh")
}
