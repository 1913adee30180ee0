package cli

import (
	"context"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/doctor"
)

// foreign are kinds of other projects that say who lives where, in the versions in which they may be served, the newest first.
var foreign = []struct {
	is       doctor.Resource // empty for what doctor does not look at
	what     string
	resource string
	versions []schema.GroupVersion
}{
	{doctor.NodePools, "NodePools of Karpenter", "nodepools", []schema.GroupVersion{{Group: "karpenter.sh", Version: "v1"}}},
	{doctor.MachineDeployments, "MachineDeployments of the Cluster API", "machinedeployments", []schema.GroupVersion{{Group: "cluster.x-k8s.io", Version: "v1beta2"}, {Group: "cluster.x-k8s.io", Version: "v1beta1"}}},
	{"", "ResourceFlavors of Kueue", "resourceflavors", []schema.GroupVersion{{Group: "kueue.x-k8s.io", Version: "v1beta2"}, {Group: "kueue.x-k8s.io", Version: "v1beta1"}}},
}

// readCluster reads all layers of the live cluster. What may not be seen is noted, but for the nodes.
func (v *verification) readCluster(ctx context.Context) error {
	if err := v.readInForce(ctx); err != nil {
		return err
	}
	use := func(o runtime.Object) { v.add(o) }
	if err := v.Each(ctx, corev1.SchemeGroupVersion, "nodes", "", metav1.ListOptions{}, use); err != nil {
		return err
	}
	for _, file := range v.facts.Policies {
		for _, namespace := range file.Policy.Spec.Namespaces {
			for _, resource := range []string{"deployments", "statefulsets"} {
				err := v.Each(ctx, appsv1.SchemeGroupVersion, resource, namespace, metav1.ListOptions{}, use)
				if err := v.unlessUnseen(err, resource+" are not known"); err != nil {
					return err
				}
			}
		}
	}
	for _, resource := range []string{
		"mutatingadmissionpolicies", "mutatingadmissionpolicybindings", "validatingadmissionpolicies", "validatingadmissionpolicybindings",
	} {
		err := v.Each(ctx, admissionregistrationv1.SchemeGroupVersion, resource, "", metav1.ListOptions{}, use)
		if err := v.unlessUnseen(err, "the native twin is not known"); err != nil {
			return err
		}
	}
	return v.readForeign(ctx)
}

// unlessUnseen notes what may not be seen, and returns any other error. What is not served is not there.
func (v *verification) unlessUnseen(err error, missing string) error {
	if apierrors.IsForbidden(err) {
		v.console.Exit(exitDiffer)
	}
	if apierrors.IsNotFound(err) {
		return nil
	}
	return v.console.UnlessForbidden(err, missing)
}

// readInForce reads what polymoat runs, where it is installed: the policy's ConfigMap, that of each replica, and the policies
// themselves where others were named.
func (v *verification) readInForce(ctx context.Context) error {
	d, err := v.Deployment(ctx, "", input.NameIt("policy"))
	if err := v.unlessUnseen(err, "the policy in force is not known"); err != nil || d == nil {
		return err
	}
	v.facts.Map, v.facts.Replicas = doctor.PolicyMap(d.Spec.Template.Spec), map[string]string{}
	alone := &doctor.Facts{Deployment: d}
	err = v.Each(ctx, corev1.SchemeGroupVersion, "pods", d.Namespace, metav1.ListOptions{}, alone.Add)
	if err := v.unlessUnseen(err, "the replicas of polymoat are not known"); err != nil {
		return err
	}
	for _, pod := range doctor.Replicas(alone) {
		v.facts.Replicas[pod.Name] = doctor.PolicyMap(pod.Spec)
	}
	if v.policy == "" {
		return nil
	}
	held, err := v.Readable(ctx)
	if err := v.unlessUnseen(err, "the policy in force is not known"); err != nil || held == nil {
		return err
	}
	v.facts.InForce, err = v.console.PoliciesOf(held, "policy")
	return err
}

// readForeign reads what other projects say, where they are installed.
func (v *verification) readForeign(ctx context.Context) error {
	for _, of := range foreign {
		objects, err := v.Listed(ctx, of.resource, of.versions)
		if err := v.unlessUnseen(err, "the "+of.what+" are not known"); err != nil {
			return err
		}
		for _, raw := range objects {
			if _, err := v.addRaw(raw); err != nil {
				return err
			}
		}
	}
	held := &corev1.ConfigMap{}
	err := v.Get(ctx, corev1.SchemeGroupVersion, "configmaps", "kube-system", autoscalerStatus, held)
	if err == nil {
		v.add(held)
	}
	return v.unlessUnseen(err, "whether a cluster-autoscaler runs is not known")
}
