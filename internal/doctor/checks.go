package doctor

// Checks are all checks, in the order in which findings of one severity are told: the installation from the outside in,
// then what the policy takes for granted, then Polyaxon.
var Checks = []Check{
	{"installed", "polymoat is installed, and no webhooks are left of one that was not uninstalled whole", []Resource{Mutating, Validating}, installed},
	{"kubernetes-version", "the cluster is of a version that polymoat runs on", nil, kubernetesVersion},
	{"version-skew", "the replicas run one version, which the plugin is of, too", []Resource{Deployments, Pods}, versionSkew},
	{"replicas", "two replicas or more are ready", []Resource{Deployments}, replicas},
	{"replica-nodes", "they run on more than one node, of a protected node pool", []Resource{Deployments, Pods, Nodes, LoadedPolicy}, replicaNodes},
	{"disruption-budget", "a PodDisruptionBudget keeps one of them running while nodes are drained", []Resource{Deployments, Budgets}, disruptionBudget},
	{"server-rights", "RBAC lets the server do what it needs", access(Deployments, Namespaces), serverRights},
	{"audit", "a replica audits what runs, and renews the Lease by which the replicas agree on one", []Resource{Deployments, Leases}, audits},

	{"webhooks", "both webhook configurations are there, with every webhook that was shipped", []Resource{Deployments, Mutating, Validating}, webhooks},
	{"webhook-drift", "the webhooks ask, wait and fail as shipped", []Resource{Deployments, Mutating, Validating}, webhookDrift},
	{"webhook-target", "they lead to a Service with ready endpoints, or to a URL", []Resource{Deployments, Mutating, Validating, Services, EndpointSlices}, webhookTarget},
	{"open-port", "a NetworkPolicy says from where reviews may come", []Resource{Deployments, Networks}, openPort},
	{"webhook-namespaces", "they are called for the governed namespaces, and for no others", []Resource{Deployments, Mutating, Validating, LoadedPolicy}, webhookNamespaces},
	{"later-mutation", "nothing else changes pods of governed namespaces after polymoat did", []Resource{Deployments, Mutating, Policies, Namespaces, LoadedPolicy}, laterMutation},

	{"ca-bundle", "every webhook has authorities that have not expired", []Resource{Deployments, Mutating, Validating}, caBundle},
	{"serving-certificate", "the Secret holds a certificate that is valid for another two weeks", []Resource{Deployments, Secrets}, servingCertificate},
	{"certificate-trust", "every webhook accepts that certificate", []Resource{Deployments, Mutating, Validating, Secrets}, certificateTrust},
	{"cert-manager", "cert-manager's Certificates and Issuers are ready", []Resource{Deployments, Certificates, Issuers}, certManager},

	{"policy", "the policy in the cluster loads", []Resource{Deployments, ConfigMaps}, policyLoads},
	{"policy-in-force", "every replica runs it", []Resource{Deployments, Pods}, policyInForce},
	{"twin", "the native twin, where there is one, is that of the policy", []Resource{Policies, PolicyBindings, Judges, JudgeBindings, LoadedPolicy}, twin},
	{"exceptions", "no exception ends soon or is over", []Resource{Deployments, LoadedPolicy}, exceptions},
	{"namespaces", "the governed namespaces exist", []Resource{Namespaces, LoadedPolicy}, namespaces},
	{"namespace-standards", "no namespace enforces a stricter Pod Security Standard than its roles are held to", []Resource{Namespaces, LoadedPolicy}, namespaceStandards},

	{"pool-nodes", "every node pool has nodes", []Resource{Nodes, LoadedPolicy}, poolNodes},
	{"pool-taints", "every node has the taints of its pool", []Resource{Nodes, LoadedPolicy}, poolTaints},
	{"autoscalers", "Karpenter and the Cluster API start nodes with the label and the taints of one pool", []Resource{NodePools, MachineDeployments, LoadedPolicy}, autoscalers},
	{"pool-labels", "no kubelet could write the label of a protected pool itself", []Resource{LoadedPolicy}, poolLabels},
	{"two-pools", "no node is in two pools", []Resource{Nodes, LoadedPolicy}, twoPools},
	{"no-pool", "every node is in a pool", []Resource{Nodes, LoadedPolicy}, noPool},

	{"may-bind", "only the cluster itself binds pods to nodes", access(LoadedPolicy), mayBind},
	{"may-change-nodes", "only the cluster itself changes nodes", access(), mayChangeNodes},
	{"may-claim-core", "only cluster administrators may claim core", access(), mayClaimCore},
	{"may-change-polymoat", "only cluster administrators change polymoat's webhooks and policy", access(Deployments), mayChangePolymoat},
	{"may-act-as-polymoat", "only cluster administrators make pods or tokens in polymoat's namespace, or read its Secrets", access(Deployments, LoadedPolicy), mayActAsPolymoat},
	{"may-change-core", "only Polyaxon itself writes what its core reads and is limited by", access(Pods, LoadedPolicy), mayChangeCore},
	{"may-preempt", "only cluster administrators make PriorityClasses, and nobody makes groups of pods or requests to evict", access(LoadedPolicy), mayPreempt},
	{"group-gates", "the API server serves no groups of pods and no requests to evict", nil, groupGates},

	{"default-account", "the service account `default` is not trusted by the policy, and has no rights where core runs as it", access(Pods, LoadedPolicy), defaultAccounts},
	{"core-namespace", "Polyaxon's core shares no namespace with runs", []Resource{Pods, LoadedPolicy}, coreNamespace},
	{"core-apart", "Polyaxon's core shares no node with runs", []Resource{Pods, LoadedPolicy}, coreApart},
	{"core-priority", "its pods have the PriorityClass of the policy, and the cluster's default is below it", []Resource{Deployments, Pods, Classes, LoadedPolicy}, corePriority},
	{"core-neighbours", "no pod of a lower priority runs beside it on protected nodes, those of DaemonSets aside", []Resource{Pods, Nodes, Neighbours, LoadedPolicy}, coreNeighbours},
	{"core-budget", "PodDisruptionBudgets cover its pods that have replicas", []Resource{Pods, Budgets, LoadedPolicy}, coreBudget},
	{"core-places", "no other pod stands where core's pods do", []Resource{Pods, LoadedPolicy}, corePlaces},
	{"core-selectors", "Services and PodDisruptionBudgets select its core by labels that runs cannot have", []Resource{Pods, Services, Budgets, LoadedPolicy}, coreSelectors},
	{"database", "its database is external, or replicated and on durable volumes", []Resource{Pods, LoadedPolicy}, database},
	{"stores", "artifacts and logs are neither on hostPath nor on emptyDir", []Resource{Pods, LoadedPolicy}, stores},
	{"ingress-tls", "its ingress has TLS", []Resource{Ingresses, LoadedPolicy}, ingressTLS},
	{"core-security", "its security context is switched on", []Resource{Pods, LoadedPolicy}, coreSecurity},
}

// access is what a check needs that asks who may do something.
func access(more ...Resource) []Resource {
	return append(more, ClusterRoles, ClusterGrants, Roles, Grants)
}
