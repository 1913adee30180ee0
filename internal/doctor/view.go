package doctor

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// View is all that a check sees: the facts, and the policies that were found in them. It is read-only.
type View struct {
	*Facts
	files     []v1alpha1.File // nil where they do not load
	policyErr error           // why
}

func newView(f *Facts) View {
	v := View{Facts: f}
	if f.Policy != nil {
		v.files, v.policyErr = LoadPolicies(f.Policy)
	}
	return v
}

// LoadPolicies loads the policies of a ConfigMap, in the order of their keys. There may be none.
func LoadPolicies(held *corev1.ConfigMap) ([]v1alpha1.File, error) {
	var loaded []v1alpha1.File
	var mistakes []string
	for _, key := range slices.Sorted(maps.Keys(held.Data)) {
		if !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(key)) {
			continue // a server reads no other
		}
		name := fmt.Sprintf("configmap/%s[%s]", held.Name, key)
		p, err := v1alpha1.Load(name, []byte(held.Data[key]))
		if err != nil {
			mistakes = append(mistakes, err.Error())
			continue
		}
		loaded = append(loaded, v1alpha1.File{Name: name, Policy: p})
	}
	if len(mistakes) > 0 {
		return nil, fmt.Errorf("%s", strings.Join(mistakes, "\n"))
	}
	return loaded, v1alpha1.ValidateSet(loaded)
}

// missing are those of the needs that the facts do not hold.
func (v View) missing(needs []Resource) []Resource {
	return slices.DeleteFunc(slices.Clone(needs), func(r Resource) bool {
		switch {
		case v.Unread[r] != nil:
			return false
		case r == Deployments:
			return v.Deployment != nil
		case r == LoadedPolicy:
			return v.policyErr == nil && len(v.files) > 0
		}
		return true
	})
}

// name is the Deployment as commands name it: "deployment/polymoat".
func (v View) name() string { return "deployment/" + v.Deployment.Name }

// place is the Deployment as sentences name it.
func (v View) place() string {
	return fmt.Sprintf("Deployment %q in namespace %q", v.Deployment.Name, v.Deployment.Namespace)
}

// kubectl is a command in the namespace of the installation.
func (v View) kubectl(command string) string {
	return "kubectl -n " + v.Deployment.Namespace + " " + command
}

// reinstall is the command that brings back what was shipped, with values of the chart in the place of the release's own.
func (v View) reinstall(values ...string) string {
	if v.Deployment.Labels["app.kubernetes.io/managed-by"] != "Helm" {
		return "kubectl apply --server-side --force-conflicts -f manifests/install.yaml # or what it was installed from"
	}
	release := v.Deployment.Labels["app.kubernetes.io/instance"]
	command := fmt.Sprintf("helm upgrade %s manifests/chart --namespace %s --reuse-values --force-conflicts", release, v.Deployment.Namespace)
	if len(values) > 0 {
		command += " --set " + strings.Join(values, ",")
	}
	return command
}

// replicas are the pods of the Deployment that have not ended.
func (v View) replicas() []*corev1.Pod { return Replicas(v.Facts) }

// Replicas are the pods of the Deployment that have not ended. There must be a Deployment.
func Replicas(f *Facts) []*corev1.Pod {
	selector, err := metav1.LabelSelectorAsSelector(f.Deployment.Spec.Selector)
	if err != nil {
		return nil // the API server lets no such Deployment in
	}
	var pods []*corev1.Pod
	for _, pod := range f.Pods {
		if pod.Namespace == f.Deployment.Namespace && alive(pod) && selector.Matches(labels.Set(pod.Labels)) {
			pods = append(pods, pod)
		}
	}
	return pods
}

func alive(pod *corev1.Pod) bool {
	return pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed
}

// pools are the node pools of all policies, each label once.
func (v View) pools() []v1alpha1.NodePool {
	var pools []v1alpha1.NodePool
	for _, f := range v.files {
		for _, p := range f.Policy.Spec.NodePools {
			i := slices.IndexFunc(pools, func(o v1alpha1.NodePool) bool { return o.NodeLabel == p.NodeLabel })
			if i < 0 {
				pools = append(pools, p)
				continue
			}
			pools[i].Protected = pools[i].Protected || p.Protected
		}
	}
	return pools
}

// has says whether the node is one of the pool's.
func has(p v1alpha1.NodePool, n *corev1.Node) bool {
	value, ok := n.Labels[p.NodeLabel.Key]
	return ok && value == p.NodeLabel.Value
}

// nodesOf are the names of a pool's nodes.
func (v View) nodesOf(p v1alpha1.NodePool) map[string]bool {
	nodes := map[string]bool{}
	for _, n := range v.Nodes {
		if has(p, n) {
			nodes[n.Name] = true
		}
	}
	return nodes
}

// governed are the governed namespaces of all policies, sorted.
func (v View) governed() []string {
	namespaces := map[string]bool{}
	for _, f := range v.files {
		for _, ns := range f.Policy.Spec.Namespaces {
			namespaces[ns] = true
		}
	}
	return slices.Sorted(maps.Keys(namespaces))
}

// identified are the pods of the governed namespaces that have not ended and that use accepts, by what Polyaxon's own
// marks say of them.
func (v View) identified(use func(polyaxon.Identity) bool) []*corev1.Pod {
	var pods []*corev1.Pod
	for _, f := range v.files {
		for _, pod := range v.Pods {
			if !slices.Contains(f.Policy.Spec.Namespaces, pod.Namespace) || !alive(pod) {
				continue
			}
			if use(polyaxon.Identify(pod, f.Policy.Spec.Release)) {
				pods = append(pods, pod)
			}
		}
	}
	return pods
}

func isCore(id polyaxon.Identity) bool { return id.Role == v1alpha1.RoleCore }
func isRun(id polyaxon.Identity) bool  { return id.Run }
