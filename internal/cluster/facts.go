package cluster

import (
	"context"
	"sync"

	"github.com/polymoat/polymoat/internal/override"
	"github.com/polymoat/polymoat/internal/policy"
)

// Facts are what a server knows of its cluster. The manager's own cache is not used for them: it keeps whole objects, and of
// 5,000 nodes and their pods we keep what decides, several nodes as one where no pod can tell them apart.
type Facts struct {
	Nodes          *Nodes
	Workloads      *Workloads
	Priorities     *Priorities
	Owners         *Owners // nil where no role accepts overrides
	Access         *Access
	Configurations *Configurations

	runs []func(context.Context)
}

// NewFacts prepares to watch what the policy needs, and the webhook configurations of that name. Nothing is read before Run.
func NewFacts(kubeconfig, configuration string, p *policy.Policy) (f Facts, err error) {
	if f.Nodes, err = NewNodes(kubeconfig); err != nil {
		return f, err
	}
	if f.Workloads, err = NewWorkloads(kubeconfig, p); err != nil {
		return f, err
	}
	if f.Priorities, err = NewPriorities(kubeconfig, p); err != nil {
		return f, err
	}
	if f.Access, err = NewAccess(kubeconfig); err != nil {
		return f, err
	}
	if f.Configurations, err = NewConfigurations(kubeconfig, configuration); err != nil {
		return f, err
	}
	f.runs = []func(context.Context){f.Nodes.Run, f.Workloads.Run, f.Priorities.Run, f.Configurations.Run}
	if p.NeedsOwners() {
		if f.Owners, err = NewOwners(kubeconfig, override.IsKey); err != nil {
			return f, err
		}
		f.runs = append(f.runs, f.Owners.Run)
	}
	return f, nil
}

// Run keeps the facts up to date until the context is done.
func (f Facts) Run(ctx context.Context) {
	var group sync.WaitGroup
	for _, run := range f.runs {
		group.Go(func() { run(ctx) })
	}
	group.Wait()
}
