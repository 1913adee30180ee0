package inventory

import (
	"cmp"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// installation is one of Polyaxon.
type installation struct {
	release    string
	namespaces []string
	policy     string // its name
	found      string // a sentence on where it was seen, or that it was not
}

// installations are those of a cluster, by namespace and release; one that is assumed where there is none.
func (c *Cluster) installations(w Wishes) []installation {
	var list []installation
	for _, meta := range c.Workloads {
		if meta.Labels["app.kubernetes.io/part-of"] != "polyaxon-core" && meta.Labels["type"] != "polyaxon-core" {
			continue
		}
		release := cmp.Or(meta.Annotations["meta.helm.sh/release-name"], meta.Labels["release"], "polyaxon")
		known := func(i installation) bool { return i.release == release && i.namespaces[0] == meta.Namespace }
		if w.Release != "" && release != w.Release || slices.ContainsFunc(list, known) {
			continue
		}
		list = append(list, installation{release: release, namespaces: []string{meta.Namespace}, found: seen(meta)})
	}
	slices.SortFunc(list, func(a, b installation) int {
		return cmp.Or(cmp.Compare(a.namespaces[0], b.namespaces[0]), cmp.Compare(a.release, b.release))
	})
	if len(list) == 0 {
		list = []installation{{
			release: cmp.Or(w.Release, "polyaxon"), namespaces: []string{"polyaxon"},
			found: "assumed: no Deployment of Polyaxon was seen; change the release and the namespaces if they are called otherwise",
		}}
		if w.Release != "" || len(w.Namespaces) > 0 {
			list[0].found = "No Deployment of Polyaxon was seen. Release and namespaces are as they were asked for, or assumed."
		}
	}
	if len(w.Namespaces) > 0 && len(list) == 1 {
		list[0].namespaces = w.Namespaces
	}
	return name(list)
}

// seen is where a workload of Polyaxon is, and of which version.
func seen(meta metav1.ObjectMeta) string {
	chart := cmp.Or(meta.Labels["helm.sh/chart"], meta.Labels["chart"])
	if version := meta.Labels["app.kubernetes.io/version"]; chart == "" && version != "" {
		chart = "version " + version
	}
	return fmt.Sprintf("Found in namespace %s: %s.", meta.Namespace, cmp.Or(chart, "a version that no label tells"))
}

// name names the policies after their releases, or after their namespaces where two releases have one name.
func name(list []installation) []installation {
	for i := range list {
		alike := func(o installation) bool { return o.release == list[i].release }
		list[i].policy = dnsLabel(list[i].release)
		if slices.IndexFunc(list, alike) != i || slices.ContainsFunc(list[i+1:], alike) {
			list[i].policy = dnsLabel(list[i].namespaces[0])
		}
	}
	return list
}
