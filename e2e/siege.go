package e2e

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/siege"
)

// besieged are the names of the workloads that must be there for a siege, to try updates on: a Deployment and a
// StatefulSet of core, and a run that does not end.
var besieged = []string{"v2.16-agent", "v2.16-redis", "v1.20-service"}

// beside is what must be there besides: a Service of core, and a run that has no node yet.
const beside = `
apiVersion: v1
kind: Service
metadata: {name: polyaxon-polyaxon-agent, namespace: polyaxon}
spec: {selector: {app.kubernetes.io/name: polyaxon-polyaxon-agent}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata:
  name: waiting-run
  namespace: polyaxon
  labels: {app.kubernetes.io/part-of: polyaxon-runs, app.kubernetes.io/component: polyaxon-jobs}
spec:
  schedulingGates: [{name: example.com/queue}]
  containers: [{name: main, image: busybox}]
`

// Besieged are the workloads and other objects that must be there for a siege.
func Besieged() ([]Workload, []*unstructured.Unstructured, error) {
	workloads, err := Workloads()
	if err != nil {
		return nil, nil, err
	}
	workloads = slices.DeleteFunc(workloads, func(w Workload) bool { return !slices.Contains(besieged, w.Name) })
	if len(workloads) != len(besieged) {
		return nil, nil, fmt.Errorf("%d of %d besieged workloads are there", len(workloads), len(besieged))
	}
	objects, err := cluster.Decode(beside)
	return workloads, objects, err
}

// Besiege tries every attack as the tenant, who has full rights on the namespace, and reports each.
func Besiege(ctx context.Context, c *cluster.Cluster, report func(siege.Result)) error {
	config := c.As(cluster.Tenant)
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return err
	}
	return siege.Run(ctx, siege.Options{
		Server: siege.Server{Client: client, Host: config.Host}, Policy: v1alpha1.Default(),
		Namespace: cluster.Namespace, User: cluster.Tenant,
	}, report)
}
