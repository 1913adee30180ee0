package e2e

import (
	"context"
	"fmt"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/policy"
)

// podCount is how many pods the workload must have: one, and for a DaemonSet as many as its controller says.
func podCount(ctx context.Context, admin client.Client, w Workload) (int, error) {
	if w.Object.GetKind() != "DaemonSet" {
		return 1, nil
	}
	var set appsv1.DaemonSet
	if err := admin.Get(ctx, client.ObjectKeyFromObject(w.Object), &set); err != nil {
		return 0, err
	}
	return max(1, int(set.Status.DesiredNumberScheduled)), nil
}

// Explain says which role the policy sees in the pod, and why: what the webhook saw when the pod was created.
func (p Placed) Explain(decide *policy.Policy) (role, why string) {
	user := policy.UserInfo{Name: p.Workload.Requester()}
	d := decide.Validate(policy.Request{Namespace: p.Pod.Namespace, User: user, Pod: &p.Pod})
	return d.Role, d.Why
}

// UID is the user that the main container runs as, or "image" where the image decides.
func (p Placed) UID() string {
	if c := p.Pod.Spec.Containers[0].SecurityContext; c != nil && c.RunAsUser != nil {
		return strconv.FormatInt(*c.RunAsUser, 10)
	}
	if s := p.Pod.Spec.SecurityContext; s != nil && s.RunAsUser != nil {
		return strconv.FormatInt(*s.RunAsUser, 10)
	}
	return "image"
}

// Faults are the ways in which the pod is not as its workload must be.
func (p Placed) Faults(decide *policy.Policy) []string {
	var faults []string
	fault := func(what, got, want string) {
		if got != want {
			faults = append(faults, fmt.Sprintf("%s: %s is %s, want %s", p.Pod.Name, what, got, want))
		}
	}
	role, _ := p.Explain(decide)
	fault("role", role, p.Workload.Role)
	fault("uid", p.UID(), p.Workload.UID)
	if p.Workload.Pool != "any" {
		fault("node pool", p.Pool, p.Workload.Pool)
	}
	if p.Pool == "core" && p.Workload.Role != "core" {
		faults = append(faults, fmt.Sprintf("%s: role %s on core node %s", p.Pod.Name, p.Workload.Role, p.Pod.Spec.NodeName))
	}
	return faults
}

// OnCore are the pods on core nodes, of all namespaces but polymoat's own, which belongs there.
func OnCore(ctx context.Context, admin client.Client) ([]corev1.Pod, error) {
	pools, err := poolsByNode(ctx, admin)
	if err != nil {
		return nil, err
	}
	var pods corev1.PodList
	if err := admin.List(ctx, &pods); err != nil {
		return nil, err
	}
	var core []corev1.Pod
	for _, pod := range pods.Items {
		if pools[pod.Spec.NodeName] == "core" && pod.Namespace != cluster.System {
			core = append(core, pod)
		}
	}
	return core, nil
}
