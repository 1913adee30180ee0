package doctor

import (
	"net/netip"
	"time"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/runtime"

	groups "github.com/polymoat/polymoat/internal/drift"
)

// Resource is what checks look at, as RBAC names it: "deployments.apps".
type Resource string

// The resources that checks need.
const (
	Deployments    Resource = "deployments.apps"
	Pods           Resource = "pods"
	Services       Resource = "services"
	EndpointSlices Resource = "endpointslices.discovery.k8s.io"
	Budgets        Resource = "poddisruptionbudgets.policy"
	Leases         Resource = "leases.coordination.k8s.io"
	ConfigMaps     Resource = "configmaps"
	Secrets        Resource = "secrets"
	Mutating       Resource = "mutatingwebhookconfigurations.admissionregistration.k8s.io"
	Validating     Resource = "validatingwebhookconfigurations.admissionregistration.k8s.io"
	Policies       Resource = "mutatingadmissionpolicies.admissionregistration.k8s.io"
	PolicyBindings Resource = "mutatingadmissionpolicybindings.admissionregistration.k8s.io"
	Judges         Resource = "validatingadmissionpolicies.admissionregistration.k8s.io"
	JudgeBindings  Resource = "validatingadmissionpolicybindings.admissionregistration.k8s.io"
	Nodes          Resource = "nodes"
	Classes        Resource = "priorityclasses.scheduling.k8s.io"
	Namespaces     Resource = "namespaces"
	ClusterRoles   Resource = "clusterroles.rbac.authorization.k8s.io"
	ClusterGrants  Resource = "clusterrolebindings.rbac.authorization.k8s.io"
	Roles          Resource = "roles.rbac.authorization.k8s.io"
	Grants         Resource = "rolebindings.rbac.authorization.k8s.io"
	Ingresses      Resource = "ingresses.networking.k8s.io"
	Networks       Resource = "networkpolicies.networking.k8s.io"
	Certificates   Resource = "certificates.cert-manager.io"
	Issuers        Resource = "issuers.cert-manager.io"

	// Neighbours are pods as well: those of all namespaces on nodes where core runs.
	Neighbours Resource = "pods beside core"

	// LoadedPolicy is no resource: a check that needs it is left out where the policy does not load.
	LoadedPolicy Resource = "the policy"
)

// Facts are all that was read of a cluster. They are read-only once they are examined.
type Facts struct {
	Now        time.Time
	Plugin     string // the version of whoever looks: "v0.1.0"
	Kubernetes string // that of the API server: "v1.37.2"
	// Evictors are the objects that the API server serves by which pods are evicted: "podgroups.scheduling.k8s.io".
	Evictors []string
	// Gates are those of GroupGates that it says are open; nil where its metrics could not be read.
	Gates []string
	// Senders is how many reviews came from each address; nil where the replicas could not be asked.
	Senders map[netip.Addr]int
	// Unread says what could not be read, and why.
	Unread map[Resource]error

	// Deployment is polymoat's own; nil where none was found.
	Deployment *appsv1.Deployment
	// Secret is the one with the serving certificate, Policy the ConfigMap with the policies; nil where it is not there.
	Secret *corev1.Secret
	Policy *corev1.ConfigMap

	// Of the namespace of the Deployment.
	EndpointSlices []*discoveryv1.EndpointSlice
	Networks       []*networkingv1.NetworkPolicy
	Leases         []*coordinationv1.Lease
	Certificates   []*certmanagerv1.Certificate
	Issuers        []*certmanagerv1.Issuer
	// Of that namespace and of those that are governed.
	Pods     []*corev1.Pod
	Services []*corev1.Service
	Budgets  []*policyv1.PodDisruptionBudget
	// Of all namespaces, on CoreNodes.
	Neighbours []*corev1.Pod

	// Of the governed namespaces.
	Ingresses []*networkingv1.Ingress

	// Of the cluster.
	Mutating       []*admissionregistrationv1.MutatingWebhookConfiguration
	Validating     []*admissionregistrationv1.ValidatingWebhookConfiguration
	Policies       []*admissionregistrationv1.MutatingAdmissionPolicy
	PolicyBindings []*admissionregistrationv1.MutatingAdmissionPolicyBinding
	Judges         []*admissionregistrationv1.ValidatingAdmissionPolicy
	JudgeBindings  []*admissionregistrationv1.ValidatingAdmissionPolicyBinding
	Nodes          []*corev1.Node
	Classes        []*schedulingv1.PriorityClass
	Namespaces     []*corev1.Namespace
	Groups         []groups.Group
	ClusterRoles   []*rbacv1.ClusterRole
	ClusterGrants  []*rbacv1.ClusterRoleBinding
	// Of the namespace of the Deployment and of those that are governed.
	Roles  []*rbacv1.Role
	Grants []*rbacv1.RoleBinding
}

// Add takes an object that was read. Kinds that no check looks at are left out.
func (f *Facts) Add(object runtime.Object) {
	switch o := object.(type) {
	case *appsv1.Deployment:
		f.Deployment = o
	case *corev1.Secret:
		f.Secret = o
	case *corev1.ConfigMap:
		f.Policy = o
	case *corev1.Service:
		f.Services = append(f.Services, o)
	case *discoveryv1.EndpointSlice:
		f.EndpointSlices = append(f.EndpointSlices, o)
	case *networkingv1.NetworkPolicy:
		f.Networks = append(f.Networks, o)
	case *policyv1.PodDisruptionBudget:
		f.Budgets = append(f.Budgets, o)
	case *coordinationv1.Lease:
		f.Leases = append(f.Leases, o)
	case *certmanagerv1.Certificate:
		f.Certificates = append(f.Certificates, o)
	case *certmanagerv1.Issuer:
		f.Issuers = append(f.Issuers, o)
	case *corev1.Pod:
		f.Pods = append(f.Pods, o)
	case *networkingv1.Ingress:
		f.Ingresses = append(f.Ingresses, o)
	default:
		f.addOfCluster(object)
	}
}

func (f *Facts) addOfCluster(object runtime.Object) {
	switch o := object.(type) {
	case *admissionregistrationv1.MutatingWebhookConfiguration:
		f.Mutating = append(f.Mutating, o)
	case *admissionregistrationv1.ValidatingWebhookConfiguration:
		f.Validating = append(f.Validating, o)
	case *admissionregistrationv1.MutatingAdmissionPolicy:
		f.Policies = append(f.Policies, o)
	case *admissionregistrationv1.MutatingAdmissionPolicyBinding:
		f.PolicyBindings = append(f.PolicyBindings, o)
	case *admissionregistrationv1.ValidatingAdmissionPolicy:
		f.Judges = append(f.Judges, o)
	case *admissionregistrationv1.ValidatingAdmissionPolicyBinding:
		f.JudgeBindings = append(f.JudgeBindings, o)
	case *schedulingv1.PriorityClass:
		f.Classes = append(f.Classes, o)
	case *corev1.Node:
		f.Nodes = append(f.Nodes, o)
	case *corev1.Namespace:
		f.Namespaces = append(f.Namespaces, o)
	case *rbacv1.ClusterRole:
		f.ClusterRoles = append(f.ClusterRoles, o)
	case *rbacv1.ClusterRoleBinding:
		f.ClusterGrants = append(f.ClusterGrants, o)
	case *rbacv1.Role:
		f.Roles = append(f.Roles, o)
	case *rbacv1.RoleBinding:
		f.Grants = append(f.Grants, o)
	}
}
