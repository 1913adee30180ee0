package policy

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
)

// Others act on a pod's status. kube-scheduler keeps room on the node that nominatedNodeName names, and counts the
// resources in the status of each container. Endpoints hold the addresses of pods that are Ready. Whoever may write
// pods/status could keep core pods Pending, or take their place behind their Service.
//
// Refused is a change of status.nominatedNodeName to a protected or unknown node, but by kube-scheduler and the users
// of spec.bindingUsers. Clearing it is free.
//
// Refused in core pods is a change of status.phase, of addresses, of the status and resources of containers, and of the
// conditions Ready, ContainersReady, Initialized and PodScheduled. Free to change them are the kubelet of the pod's
// node, kube-scheduler, some controllers of kube-controller-manager, and those who are trusted with core. All other
// conditions are free: readiness gates, DisruptionTarget.
func podStatus(v View) []Violation {
	if v.Old == nil {
		return nil // the API server itself writes the status of a new pod
	}
	return append(v.nominated(), v.steered()...)
}

// nominated is the violation of a pod that is promised room on a protected node.
func (v View) nominated() []Violation {
	name := v.Pod.Status.NominatedNodeName
	if name == "" || name == v.Old.Status.NominatedNodeName || v.in.maySchedule(v.User) {
		return nil
	}
	why := v.mayBeProtected(name, v.Nominated)
	if why == "" {
		return nil
	}
	return []Violation{{
		Field:  field.NewPath("status", "nominatedNodeName"),
		Detail: fmt.Sprintf("is %q, %s, and keeps room there that core pods may need", short(name), why),
		Fix:    "leave it to the scheduler, or have the user listed in the policy's bindingUsers",
	}}
}

// mayBeProtected says why the node of that name is or may be a protected one; empty where it is known not to be.
func (v View) mayBeProtected(name string, node *landing.Node) string {
	if node == nil || node.Name != name {
		return "which is not known and may be a protected node"
	}
	for _, p := range v.protected {
		if p.has(node) {
			return fmt.Sprintf("a protected node (labelled %s=%s)", p.Key, p.Value)
		}
	}
	return ""
}

// coreStatus are the fields of a core pod's status that others act on.
var coreStatus = []struct {
	name string
	of   func(*corev1.PodStatus) any
}{
	{"allocatedResources", func(s *corev1.PodStatus) any { return s.AllocatedResources }},
	{"conditions[ContainersReady]", condition(corev1.ContainersReady)},
	{"conditions[Initialized]", condition(corev1.PodInitialized)},
	{"conditions[PodScheduled]", condition(corev1.PodScheduled)},
	{"conditions[Ready]", condition(corev1.PodReady)},
	{"containerStatuses", func(s *corev1.PodStatus) any { return s.ContainerStatuses }},
	{"hostIP", func(s *corev1.PodStatus) any { return s.HostIP }},
	{"hostIPs", func(s *corev1.PodStatus) any { return s.HostIPs }},
	{"initContainerStatuses", func(s *corev1.PodStatus) any { return s.InitContainerStatuses }},
	{"phase", func(s *corev1.PodStatus) any { return s.Phase }},
	{"podIP", func(s *corev1.PodStatus) any { return s.PodIP }},
	{"podIPs", func(s *corev1.PodStatus) any { return s.PodIPs }},
	{"resources", func(s *corev1.PodStatus) any { return s.Resources }},
}

// condition reads the conditions of one type, of which there should be one.
func condition(of corev1.PodConditionType) func(*corev1.PodStatus) any {
	return func(s *corev1.PodStatus) any {
		return slices.DeleteFunc(slices.Clone(s.Conditions), func(c corev1.PodCondition) bool { return c.Type != of })
	}
}

// steered is the violation of a core pod whose status is changed by a user who is not trusted with it.
func (v View) steered() []Violation {
	if !v.in.claimsCore(v.Pod) && !v.in.claimsCore(v.Old) || v.writesStatus() {
		return nil
	}
	var changed []string
	for _, f := range coreStatus {
		if !equality.Semantic.DeepEqual(f.of(&v.Old.Status), f.of(&v.Pod.Status)) {
			changed = append(changed, f.name)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return []Violation{{
		Field: field.NewPath("status"),
		Detail: fmt.Sprintf("changes %s of a pod of role %q, which %s is not trusted with",
			strings.Join(changed, ", "), v1alpha1.RoleCore, claim{installation: v.in, user: v.User}.who()),
		Fix: fmt.Sprintf("leave it to the node's kubelet, or have %s change it", v.in.trusted),
	}}
}

// statusWriters are the controllers of kube-controller-manager that write the status of pods which are not their own.
// Without node-controller, core pods on a dead node would stay Ready.
var statusWriters = []string{
	"node-controller", "pod-garbage-collector", "disruption-controller", "resource-claim-controller", "device-taint-eviction-controller",
}

// writesStatus says whether the user may write the status of a core pod.
func (v View) writesStatus() bool {
	return v.User.isKubelet(v.Pod.Spec.NodeName) || v.User.Name == kubeScheduler ||
		slices.ContainsFunc(statusWriters, v.User.isController) || v.Trust == Trusted || v.in.trusts(v.User, v.Namespace)
}
