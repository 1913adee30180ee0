package doctor

import (
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// split is a resource and its subresource: "pods", "binding".
func split(resource string) (name, sub string) {
	name, sub, _ = strings.Cut(resource, "/")
	return name, sub
}

// shippedHook is what the manifests say of one webhook; a test holds them to it.
type shippedHook struct {
	kind, name   string
	failure      admissionregistrationv1.FailurePolicyType
	reinvocation admissionregistrationv1.ReinvocationPolicyType
	optional     bool // not there where spec.coreFailurePolicy is Fail; else all of these are
	tells        bool // a server with --events writes one about what it refuses
	asks         []asked
}

// asked are operations on resources of one group.
type asked struct {
	group      string
	resources  []string
	operations []admissionregistrationv1.OperationType
}

var (
	created = []admissionregistrationv1.OperationType{admissionregistrationv1.Create}
	updated = []admissionregistrationv1.OperationType{admissionregistrationv1.Update}
	written = slices.Concat(created, updated)
)

// mostSeconds is how long the API server waits at most.
const mostSeconds = 5

// shipped are all webhooks of both configurations.
var shipped = []shippedHook{
	{kind: mutatingKind, name: "mutate.polymoat.io", failure: admissionregistrationv1.Ignore,
		reinvocation: admissionregistrationv1.IfNeededReinvocationPolicy, asks: []asked{
			{"", []string{"pods"}, created},
			{"", []string{"pods/ephemeralcontainers"}, updated},
		}},
	{kind: mutatingKind, name: "mutate-core.polymoat.io", failure: admissionregistrationv1.Ignore,
		reinvocation: admissionregistrationv1.IfNeededReinvocationPolicy, optional: true, asks: []asked{
			{"", []string{"pods"}, created},
		}},
	{kind: validatingKind, name: "validate.polymoat.io", failure: admissionregistrationv1.Fail, tells: true, asks: []asked{
		{"", []string{"pods", "pods/*", "bindings"}, written},
	}},
	{kind: validatingKind, name: "core.polymoat.io", failure: admissionregistrationv1.Ignore, optional: true, tells: true, asks: []asked{
		{"", []string{"pods"}, created},
	}},
	{kind: validatingKind, name: "workloads.polymoat.io", failure: admissionregistrationv1.Fail, asks: []asked{
		{"apps", []string{"deployments", "statefulsets", "daemonsets", "replicasets", "controllerrevisions"}, written},
		{"", []string{"replicationcontrollers"}, written},
		{"batch", []string{"jobs", "cronjobs"}, written},
		{"apps", []string{"deployments/status", "statefulsets/status", "daemonsets/status", "replicasets/status"}, updated},
		{"", []string{"replicationcontrollers/status"}, updated},
		{"batch", []string{"jobs/status", "cronjobs/status"}, updated},
		{"core.polyaxon.com", []string{"operations"}, written},
		{"polyaxon.com", []string{"jobs", "services", "kfjobs", "clusters"}, written},
		{"kubeflow.org", []string{"tfjobs", "pytorchjobs", "mpijobs", "mxjobs", "mxnetjobs", "xgboostjobs", "paddlejobs"}, written},
		{"ray.io", []string{"rayjobs", "rayclusters", "rayservices"}, written},
		{"kubernetes.dask.org", []string{"daskjobs", "daskclusters", "daskworkergroups"}, written},
	}},
}

// is says whether a webhook of the cluster is the shipped one, by its name.
func (s shippedHook) is(h hook) bool { return s.kind == h.kind && s.name == h.name }

// lacks are the operations and resources that a webhook should be called for and is not: "CREATE pods".
func (s shippedHook) lacks(h hook) []string {
	var missing []string
	for _, a := range s.asks {
		for _, resource := range a.resources {
			for _, operation := range a.operations {
				if !h.asks(operation, a.group, resource) {
					missing = append(missing, strings.TrimSuffix(string(operation)+" "+resource+"."+a.group, "."))
				}
			}
		}
	}
	return missing
}
