package e2e

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/client-go/rest"

	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/siege"
)

// Besieged are the workloads that must be there for a siege, to try updates on: a part of Polyaxon, and a run that does
// not end.
func Besieged() ([]Workload, error) {
	all, err := Workloads()
	besieged := slices.DeleteFunc(all, func(w Workload) bool { return w.Name != "v2.16-agent" && w.Name != "v1.20-service" })
	if err == nil && len(besieged) != 2 {
		err = fmt.Errorf("%d of 2 besieged workloads are there", len(besieged))
	}
	return besieged, err
}

// Besiege tries every attack as the tenant, who has full rights on the namespace, and reports each.
func Besiege(ctx context.Context, c *cluster.Cluster, report func(siege.Result)) error {
	config := c.As(cluster.Tenant)
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return err
	}
	return siege.Run(ctx, siege.Options{
		Server: siege.Server{Client: client, Host: config.Host}, Policy: v1alpha1.Default(), Namespace: cluster.Namespace,
	}, report)
}
