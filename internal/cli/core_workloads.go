package cli

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/polymoat/polymoat/internal/policy"
)

// coreWorkloads are the workloads of a namespace that are core: nil where that is not known, and not where there are none.
func (n *connection) coreWorkloads(ctx context.Context, p *policy.Policy, namespace string) ([]policy.CoreWorkload, error) {
	core := []policy.CoreWorkload{}
	for _, of := range []struct {
		gv       schema.GroupVersion
		resource string
	}{
		{appsv1.SchemeGroupVersion, "deployments"}, {appsv1.SchemeGroupVersion, "replicasets"}, {appsv1.SchemeGroupVersion, "statefulsets"},
		{appsv1.SchemeGroupVersion, "daemonsets"}, {batchv1.SchemeGroupVersion, "jobs"},
	} {
		err := n.each(ctx, of.gv, of.resource, namespace, metav1.ListOptions{}, func(o runtime.Object) {
			live, _ := policy.Live(o)
			if w, ok := p.CoreWorkload(live); ok {
				core = append(core, w)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return core, nil
}
