package siege

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
)

// core is what an answer is judged against: the protected pools, and what of Polyaxon's own the user can see.
type core struct {
	pools []landing.Pool
	node  string // the protected node that attacks name
	pods  []corev1.Pod
	// What selects core pods, and no others: Services, and workloads by the kind of what they adopt.
	services []selecting
	adopting map[string][]selecting
}

// selecting is an object that acts on what its selector matches.
type selecting struct {
	kind, name string
	labels     *metav1.LabelSelector
	selector   labels.Selector
}

func (s selecting) String() string { return s.kind + " " + s.name }

// priority is the lowest priority of a core pod, and its name.
func (c core) priority() (lowest int32, name string) {
	for i, pod := range c.pods {
		if p := priorityOf(&pod); i == 0 || p < lowest {
			lowest, name = p, pod.Name
		}
	}
	return lowest, name
}

func priorityOf(pod *corev1.Pod) int32 {
	if pod.Spec.Priority == nil {
		return 0
	}
	return *pod.Spec.Priority
}

// findPods looks for pods to try updates on: one of Polyaxon's own, and others, best runs.
func (s *siege) findPods(ctx context.Context, decide *policy.Policy) error {
	var pods corev1.PodList
	if err := s.server.get(ctx, s.path("/api/v1", "pods"), &pods); err != nil {
		return err
	}
	s.target.freed = s.target.node
	var others []corev1.Pod
	for _, pod := range pods.Items {
		if pod.DeletionTimestamp != nil || slices.Contains([]corev1.PodPhase{corev1.PodSucceeded, corev1.PodFailed}, pod.Status.Phase) {
			continue
		}
		role := decide.Validate(policy.Request{Namespace: s.target.namespace, Pod: &pod}).Role
		if role == v1alpha1.RoleCore {
			s.core.pods = append(s.core.pods, pod)
			s.target.core = cmp.Or(s.target.core, pod.Name)
			continue
		}
		others = append(others, pod)
		switch {
		case pod.Spec.NodeName == "":
			s.target.waiting = cmp.Or(s.target.waiting, pod.Name)
		case role == v1alpha1.RoleOther:
			s.target.run = cmp.Or(s.target.run, pod.Name)
		default:
			s.target.run, s.target.freed = pod.Name, pod.Spec.NodeName
		}
	}
	return s.findSelectors(ctx, others)
}

// findSelectors looks for what selects core pods.
func (s *siege) findSelectors(ctx context.Context, others []corev1.Pod) error {
	var services corev1.ServiceList
	var deployments appsv1.DeploymentList
	var replicaSets appsv1.ReplicaSetList
	var statefulSets appsv1.StatefulSetList
	for path, list := range map[string]any{
		s.path("/api/v1", "services"): &services, s.path("/apis/apps/v1", "deployments"): &deployments,
		s.path("/apis/apps/v1", "replicasets"): &replicaSets, s.path("/apis/apps/v1", "statefulsets"): &statefulSets,
	} {
		if err := s.server.get(ctx, path, list); err != nil {
			return err
		}
	}
	s.core.adopting = map[string][]selecting{}
	for _, o := range services.Items {
		s.find("", &s.target.service, others, selecting{kind: "Service", name: o.Name, labels: &metav1.LabelSelector{MatchLabels: o.Spec.Selector}})
	}
	for _, o := range deployments.Items {
		s.find("ReplicaSet", &s.target.deployment, others, selecting{kind: "Deployment", name: o.Name, labels: o.Spec.Selector})
	}
	for _, o := range replicaSets.Items {
		s.find("Pod", &s.target.replicaSet, others, selecting{kind: "ReplicaSet", name: o.Name, labels: o.Spec.Selector})
	}
	for _, o := range statefulSets.Items {
		set := selecting{kind: "StatefulSet", name: o.Name, labels: o.Spec.Selector}
		s.find("Pod", &s.target.statefulSet, others, set)
		s.find("ControllerRevision", &s.target.statefulSet, others, set)
	}
	return nil
}

// find keeps what selects core pods and no others, and its labels for the placeholder. Of a Service, adopts is empty.
func (s *siege) find(adopts string, placeholder *map[string]string, others []corev1.Pod, found selecting) {
	selector, err := metav1.LabelSelectorAsSelector(found.labels)
	if err != nil || !selects(selector, s.core.pods) || selects(selector, others) {
		return
	}
	found.selector = selector
	if len(*placeholder) == 0 {
		*placeholder = found.labels.MatchLabels
	}
	if adopts == "" {
		s.core.services = append(s.core.services, found)
		return
	}
	s.core.adopting[adopts] = append(s.core.adopting[adopts], found)
}

// selects reports whether the selector matches any of the pods. An empty one matches none: a Service without a selector.
func selects(selector labels.Selector, pods []corev1.Pod) bool {
	return !selector.Empty() && slices.ContainsFunc(pods, func(pod corev1.Pod) bool { return selector.Matches(labels.Set(pod.Labels)) })
}

// findAccount names a service account that is worth borrowing: one that the policy trusts with requests, or that core runs
// as. Where the user can see which ones there are, it is one of those.
func (s *siege) findAccount(ctx context.Context, doc *v1alpha1.PlacementPolicy) error {
	var there corev1.ServiceAccountList
	if err := s.server.get(ctx, s.path("/api/v1", "serviceaccounts"), &there); err != nil {
		return err
	}
	var names []string
	for _, user := range doc.Spec.Requesters {
		if name, ok := strings.CutPrefix(user, "system:serviceaccount:"+s.target.namespace+":"); ok {
			names = append(names, name)
		}
	}
	for _, pod := range s.core.pods {
		names = append(names, pod.Spec.ServiceAccountName)
	}
	for _, name := range names {
		seen := slices.ContainsFunc(there.Items, func(a corev1.ServiceAccount) bool { return a.Name == name })
		if name != "default" && (seen || len(there.Items) == 0) {
			s.target.account = cmp.Or(s.target.account, name)
		}
	}
	return nil
}

// path is that of a resource in the namespace.
func (s *siege) path(group, resource string) string {
	return group + "/namespaces/" + url.PathEscape(s.target.namespace) + "/" + resource
}
