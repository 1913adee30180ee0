package cli

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/audit"
	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
)

// round is one walk through a cluster. What is found is told at once: nothing is kept of what is in order, but for the
// nodes, on which pods run.
type round struct {
	*input.Connection
	console *console
	policy  *policy.Policy
	auditor *audit.Auditor
	tell    findingsPrinter
	within  string // the namespace of pods to look at; empty for all

	nodes          map[string]*landing.Node // by name
	core           []policy.CoreWorkload    // of the namespace whose pods are looked at
	corePods       *audit.CorePods
	pods, findings int
}

func (r *round) report(found ...audit.Finding) {
	for _, f := range found {
		r.findings++
		r.tell.add(f)
	}
}

// walk looks at nodes, then at the pods of the namespaces, then at what else opens a pool.
func (r *round) walk(ctx context.Context, namespaces []string) error {
	err := r.EachNode(ctx, func(node *corev1.Node) {
		n := input.LandingNode(node)
		r.nodes[n.Name] = n
		r.report(r.auditor.Node(*n)...)
	})
	if err := r.console.UnlessForbidden(err, "on which nodes pods run is not known"); err != nil {
		return err
	}
	today := v1alpha1.DayOf(time.Now())
	for _, namespace := range namespaces {
		var err error
		r.core, err = r.CoreWorkloads(ctx, r.policy, namespace)
		if err := r.console.UnlessForbidden(err, "which workloads are core is not known"); err != nil {
			return err
		}
		err = r.EachPod(ctx, []string{namespace}, func(pod *corev1.Pod) { r.pod(pod, today) })
		if err != nil {
			return err
		}
	}
	err = r.besideCore(ctx, today)
	if err := r.console.UnlessForbidden(err, "which pods of other namespaces run beside core is not known"); err != nil {
		return err
	}
	err = r.Each(ctx, nodev1.SchemeGroupVersion, "runtimeclasses", "", metav1.ListOptions{}, func(o runtime.Object) {
		r.report(r.auditor.RuntimeClass(o.(*nodev1.RuntimeClass))...)
	})
	if err := r.console.UnlessForbidden(err, "whether RuntimeClasses open a pool is not known"); err != nil {
		return err
	}
	return r.console.UnlessForbidden(r.rights(ctx), "which rights lead around polymoat is not known")
}

func (r *round) pod(pod *corev1.Pod, today v1alpha1.Day) {
	r.pods++
	node := r.nodes[pod.Spec.NodeName]
	resident := r.auditor.Pod(pod, node, today)
	if resident == nil {
		return
	}
	r.corePods.Add(resident, ptr.Deref(node, landing.Node{}))
	r.report(resident.On(ptr.Deref(node, landing.Node{}))...)
}

// besideCore looks at the nodes on which core runs once more, for pods of any namespace that core outranks.
func (r *round) besideCore(ctx context.Context, today v1alpha1.Day) error {
	for _, name := range r.corePods.Nodes() {
		err := r.Each(ctx, corev1.SchemeGroupVersion, "pods", r.within, input.AliveOn(name), func(o runtime.Object) {
			pod := o.(*corev1.Pod)
			resident := r.auditor.Pod(pod, r.nodes[name], today)
			if resident == nil {
				resident = audit.Ungoverned(pod)
			}
			r.report(r.corePods.Below(resident, *r.nodes[name])...)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// rights looks at ClusterRoleBindings, once it knows what the ClusterRoles are worth.
func (r *round) rights(ctx context.Context) error {
	roles := map[string][]rbacv1.PolicyRule{}
	err := r.Each(ctx, rbacv1.SchemeGroupVersion, "clusterroles", "", metav1.ListOptions{}, func(o runtime.Object) {
		if role := o.(*rbacv1.ClusterRole); audit.Matters(role.Rules) {
			roles[role.Name] = role.Rules
		}
	})
	if err != nil {
		return err
	}
	return r.Each(ctx, rbacv1.SchemeGroupVersion, "clusterrolebindings", "", metav1.ListOptions{}, func(o runtime.Object) {
		r.report(r.auditor.Rights(o.(*rbacv1.ClusterRoleBinding), roles)...)
	})
}

// seen says for people what was looked at: "12 pods and 6 nodes".
func (r *round) seen() string { return count(r.pods, "pod") + " and " + count(len(r.nodes), "node") }
