package cli

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/polymoat/polymoat/internal/policy"
)

// coreWorkloads are the workloads of a namespace that are core: nil where that is not known, and not where there are none.
func (n *connection) coreWorkloads(ctx context.Context, p *policy.Policy, namespace string) ([]policy.CoreWorkload, error) {
	core := []policy.CoreWorkload{}
	for _, of := range policy.LiveResources {
		err := n.each(ctx, of.GroupVersion(), of.Resource, namespace, metav1.ListOptions{}, func(o runtime.Object) {
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
