package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"

	"github.com/polymoat/polymoat/internal/build"
	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/doctor"
)

// scope says in which namespaces objects are looked for.
type scope int

// The scopes.
const (
	everywhere     scope = iota // objects of the cluster
	inSystem                    // the namespace of the installation
	inGoverned                  // those that the policy governs
	inSystemOrSuch              // both
)

// listed are the resources that are listed, whatever the installation looks like.
var listed = []struct {
	is       doctor.Resource
	gv       schema.GroupVersion
	resource string
	scope    scope
}{
	{doctor.Mutating, admissionregistrationv1.SchemeGroupVersion, "mutatingwebhookconfigurations", everywhere},
	{doctor.Validating, admissionregistrationv1.SchemeGroupVersion, "validatingwebhookconfigurations", everywhere},
	{doctor.Policies, admissionregistrationv1.SchemeGroupVersion, "mutatingadmissionpolicies", everywhere},
	{doctor.PolicyBindings, admissionregistrationv1.SchemeGroupVersion, "mutatingadmissionpolicybindings", everywhere},
	{doctor.Judges, admissionregistrationv1.SchemeGroupVersion, "validatingadmissionpolicies", everywhere},
	{doctor.JudgeBindings, admissionregistrationv1.SchemeGroupVersion, "validatingadmissionpolicybindings", everywhere},
	{doctor.Classes, schedulingv1.SchemeGroupVersion, "priorityclasses", everywhere},
	{doctor.Nodes, corev1.SchemeGroupVersion, "nodes", everywhere},
	{doctor.Namespaces, corev1.SchemeGroupVersion, "namespaces", everywhere},
	{doctor.ClusterRoles, rbacv1.SchemeGroupVersion, "clusterroles", everywhere},
	{doctor.ClusterGrants, rbacv1.SchemeGroupVersion, "clusterrolebindings", everywhere},
	{doctor.Services, corev1.SchemeGroupVersion, "services", inSystemOrSuch},
	{doctor.EndpointSlices, discoveryv1.SchemeGroupVersion, "endpointslices", inSystem},
	{doctor.Networks, networkingv1.SchemeGroupVersion, "networkpolicies", inSystem},
	{doctor.Budgets, policyv1.SchemeGroupVersion, "poddisruptionbudgets", inSystemOrSuch},
	{doctor.Leases, coordinationv1.SchemeGroupVersion, "leases", inSystem},
	{doctor.Ingresses, networkingv1.SchemeGroupVersion, "ingresses", inGoverned},
	{doctor.Pods, corev1.SchemeGroupVersion, "pods", inSystemOrSuch},
	{doctor.Roles, rbacv1.SchemeGroupVersion, "roles", inSystemOrSuch},
	{doctor.Grants, rbacv1.SchemeGroupVersion, "rolebindings", inSystemOrSuch},
}

// reader fills in facts.
type reader struct {
	*input.Connection
	facts *doctor.Facts
}

// facts reads all that checks look at. What the user may not see is noted; any other error ends it.
func (e *examination) facts(ctx context.Context) (*doctor.Facts, error) {
	f := &doctor.Facts{Now: time.Now(), Plugin: build.Read().Version, Unread: map[doctor.Resource]error{}}
	r := reader{e.Connection, f}
	if err := r.version(ctx); err != nil {
		return nil, err
	}
	if err := r.evictors(ctx); err != nil {
		return nil, err
	}
	d, err := e.Deployment(ctx, e.namespace, "choose one with --namespace")
	if err := r.note(doctor.Deployments, err); err != nil {
		return nil, err
	}
	if d == nil && e.namespace != "" && f.Unread[doctor.Deployments] == nil {
		return nil, fmt.Errorf("no Deployment with the label %q is in namespace %q; leave --namespace out to look everywhere", doctor.Label, e.namespace)
	}
	f.Deployment = d
	if err := r.installation(ctx); err != nil {
		return nil, err
	}
	governed, err := governedBy(f.Policy)
	if err != nil {
		governed = nil // the check "policy" says why; those that need it are left out
	}
	for _, l := range listed {
		for _, namespace := range r.namespaces(l.scope, governed) {
			err := r.Each(ctx, l.gv, l.resource, namespace, metav1.ListOptions{}, f.Add)
			if err := r.note(l.is, err); err != nil {
				return nil, err
			}
		}
	}
	for _, node := range doctor.CoreNodes(f) {
		err := r.Each(ctx, corev1.SchemeGroupVersion, "pods", metav1.NamespaceAll, input.AliveOn(node), func(o runtime.Object) {
			f.Neighbours = append(f.Neighbours, o.(*corev1.Pod))
		})
		if err := r.note(doctor.Neighbours, err); err != nil {
			return nil, err
		}
	}
	if err := r.groups(ctx); err != nil {
		return nil, err
	}
	f.Senders = r.senders(ctx)
	return f, nil
}

// note keeps what the user may not see, and returns any other error. An API that is not served has no objects.
func (r reader) note(resource doctor.Resource, err error) error {
	switch {
	case apierrors.IsForbidden(err):
		r.facts.Unread[resource] = err
		return nil
	case apierrors.IsNotFound(err):
		return nil
	}
	return err
}

// namespaces are those of a scope. There are none of an installation that was not found.
func (r reader) namespaces(s scope, governed []string) []string {
	var list []string
	if s == everywhere {
		return []string{metav1.NamespaceAll}
	}
	if d := r.facts.Deployment; d != nil && s != inGoverned {
		list = append(list, d.Namespace)
	}
	if s != inSystem {
		list = append(list, governed...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func governedBy(held *corev1.ConfigMap) ([]string, error) {
	if held == nil {
		return nil, nil
	}
	files, err := doctor.LoadPolicies(held)
	var namespaces []string
	for _, f := range files {
		namespaces = append(namespaces, f.Policy.Spec.Namespaces...)
	}
	return namespaces, err
}

// version asks the API server for its own.
func (r reader) version(ctx context.Context) error {
	client, err := r.Client(corev1.SchemeGroupVersion)
	if err != nil {
		return err
	}
	raw, err := client.Get().AbsPath("/version").SetHeader("Accept", "application/json").Do(ctx).Raw()
	if err != nil {
		return fmt.Errorf("ask for the version: %w", err)
	}
	var info version.Info
	if err := json.Unmarshal(raw, &info); err != nil {
		return fmt.Errorf("ask for the version: %w", err)
	}
	r.facts.Kubernetes = info.GitVersion
	return nil
}

// installation reads what the Deployment names: policy, Secret, and what cert-manager knows of it.
func (r reader) installation(ctx context.Context) error {
	d := r.facts.Deployment
	if d == nil {
		return nil
	}
	if name := doctor.PolicyMap(d.Spec.Template.Spec); name != "" {
		held := &corev1.ConfigMap{}
		if err := r.one(ctx, doctor.ConfigMaps, "configmaps", d.Namespace, name, held); err != nil {
			return err
		}
	}
	if name := doctor.ServingSecret(d); name != "" {
		if err := r.one(ctx, doctor.Secrets, "secrets", d.Namespace, name, &corev1.Secret{}); err != nil {
			return err
		}
	}
	if err := certManager(ctx, r, doctor.Certificates, "certificates", &certmanagerv1.CertificateList{}); err != nil {
		return err
	}
	return certManager(ctx, r, doctor.Issuers, "issuers", &certmanagerv1.IssuerList{})
}
