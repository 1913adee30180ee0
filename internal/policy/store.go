package policy

import (
	"fmt"
	"path"
	"slices"

	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
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
