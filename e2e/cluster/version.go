package cluster

import (
	"fmt"
	"os/exec"
)

// Feature is what a Kubernetes has from a version on. The table in manifests/README.md lists them.
type Feature struct {
	Name  string
	Needs string // of the API server
	Since int    // 36 is Kubernetes 1.36
}

// The features that tests need.
var (
	Twin   = &Feature{"the native twin", "kind MutatingAdmissionPolicy of admissionregistration.k8s.io/v1", 36}
	Static = &Feature{"the twin on the API servers' disks, with its feature gate open", "feature gate ManifestBasedAdmissionControlConfig", 36}
	Groups = &Feature{"groups of pods that evict core, with their feature gate open", "feature gate GenericWorkload in beta", 37}
)

// Features are all of them, in the order of the table.
var Features = []*Feature{Twin, Static, Groups}

// Lacks is the error of a version of Kubernetes that does not have a feature.
type Lacks struct {
	*Feature
	Minor int
}

func (l *Lacks) Error() string {
	return fmt.Sprintf("Kubernetes 1.%d has no %s, needed for %s: it comes with 1.%d; see manifests/README.md", l.Minor, l.Needs, l.Name, l.Since)
}

// Lack is an error where the API server's version does not have the feature, of type Lacks. Without a feature there is none.
func (c *Cluster) Lack(f *Feature) error {
	if f == nil || c.minor >= f.Since {
		return nil
	}
	return &Lacks{f, c.minor}
}

// Version is the API server's version of Kubernetes without its patch: "1.36".
func (c *Cluster) Version() string { return fmt.Sprintf("1.%d", c.minor) }

// askVersion asks the API server's program for its version: "Kubernetes v1.36.3".
func (c *Cluster) askVersion() error {
	text, err := exec.CommandContext(c.ctx, c.binaries.Path("kube-apiserver"), "--version").Output()
	if err != nil {
		return fmt.Errorf("ask kube-apiserver for its version: %w", err)
	}
	if _, err := fmt.Sscanf(string(text), "Kubernetes v1.%d.", &c.minor); err != nil {
		return fmt.Errorf("kube-apiserver says of its version %q: %w", text, err)
	}
	return nil
}
