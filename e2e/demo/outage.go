package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e"
	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// showOutage kills polymoat beside its native twin: a run is placed all the same, and what was refused is refused again.
func (g *guide) showOutage(ctx context.Context) error {
	g.title("Kill polymoat: core is still safe, and runs go on")
	if lack := g.cluster.Lack(cluster.Twin); lack != nil {
		fmt.Fprintf(g.out, "  (left out: %v)\n", lack)
		return nil
	}
	admin, err := client.New(g.cluster.As(cluster.Admin), client.Options{})
	if err != nil {
		return err
	}
	before, err := namesOnCore(ctx, admin)
	if err != nil {
		return err
	}
	fmt.Fprint(g.out, `
  $ kubectl polymoat native | kubectl apply -f -      # the same policy, in the API server itself
  $ helm upgrade ... --set native.installed=true,failurePolicy=Ignore
  $ kill -9 POLYMOAT
`)
	if err := errors.Join(e2e.InstallTwin(g.cluster, v1alpha1.Default()), failOpen(ctx, admin), g.cluster.Kill("polymoat")); err != nil {
		return err
	}
	if err := errors.Join(g.showRun(ctx), g.showRefusals(ctx)); err != nil {
		return err
	}
	after, err := namesOnCore(ctx, admin)
	if slices.Equal(before, after) {
		fmt.Fprintf(g.out, "  core nodes have the same %d pods as before\n", len(after))
	} else {
		g.fault("the pods on core nodes are %q, and were %q", after, before)
	}
	return err
}

// failOpen lets pods pass that no replica of polymoat answers for.
func failOpen(ctx context.Context, admin client.Client) error {
	config := &admissionregistrationv1.ValidatingWebhookConfiguration{}
	if err := admin.Get(ctx, client.ObjectKey{Name: "polymoat"}, config); err != nil {
		return err
	}
	for i := range config.Webhooks {
		config.Webhooks[i].FailurePolicy = new(admissionregistrationv1.Ignore)
	}
	return admin.Update(ctx, config)
}

// namesOnCore are the names of the pods on core nodes, sorted.
func namesOnCore(ctx context.Context, admin client.Client) ([]string, error) {
	pods, err := e2e.OnCore(ctx, admin)
	var names []string
	for _, pod := range pods {
		names = append(names, pod.Name)
	}
	slices.Sort(names)
	return names, err
}

// showRun creates a run as the tenant, and waits until the scheduler has bound it.
func (g *guide) showRun(ctx context.Context) error {
	tenant, err := client.New(g.cluster.As(cluster.Tenant), client.Options{})
	if err != nil {
		return err
	}
	pod, err := e2e.Train()
	if err != nil {
		return err
	}
	if err := tenant.Create(ctx, pod); err != nil {
		return err
	}
	err = g.cluster.Await("the run", func(ctx context.Context) error {
		if err := tenant.Get(ctx, client.ObjectKeyFromObject(pod), pod); err != nil {
			return err
		}
		if pod.Spec.NodeName == "" {
			return errors.New("it is not bound")
		}
		return nil
	})
	fmt.Fprintf(g.out, "\n  a new run, %s, is bound to %s, uid %s\n", pod.Name, pod.Spec.NodeName, e2e.Placed{Pod: *pod}.UID())
	if pool := pod.Spec.NodeSelector["polyaxon"]; pool != "experiments" {
		g.fault("the run is placed on pool %q, want experiments", pool)
	}
	return err
}

// showRefusals makes the attempts again, of which the API server's own policies refuse each.
func (g *guide) showRefusals(ctx context.Context) error {
	attempts, err := e2e.Attempts()
	if err != nil {
		return err
	}
	tenant, err := client.New(g.cluster.As(cluster.Tenant), client.Options{})
	if err != nil {
		return err
	}
	refused := 0
	for _, attempt := range attempts {
		if answer := attempt.Make(ctx, tenant); !e2e.RefusedByTwin(answer, "") {
			g.fault("%s: the answer of the twin is %v", attempt.Name, answer)
			continue
		}
		refused++
	}
	fmt.Fprintf(g.out, "  %d of the %d attempts are refused again, by ValidatingAdmissionPolicies\n", refused, len(attempts))
	return nil
}
