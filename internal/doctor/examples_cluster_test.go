package doctor

import (
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

var ofWebhooks = map[string][]example{
	"webhooks": {
		{"both are gone", plainly(func(f *Facts) { f.Mutating, f.Validating = nil, nil })},
		{"one webhook is gone", plainly(func(f *Facts) { f.Validating[0].Webhooks = f.Validating[0].Webhooks[:2] })},
		{"core is not placed", plainly(func(f *Facts) { f.Mutating[0].Webhooks = f.Mutating[0].Webhooks[:1] })},
	},
	"webhook-drift": {
		{"failure policies", plainly(func(f *Facts) {
			validating(f, "validate.polymoat.io").FailurePolicy = ptr.To(admissionregistrationv1.Ignore)
			f.Mutating[0].Webhooks[0].FailurePolicy = ptr.To(admissionregistrationv1.Fail)
		})},
		{"everything else", plainly(func(f *Facts) {
			w := &f.Mutating[0].Webhooks[0]
			w.MatchPolicy, w.TimeoutSeconds = ptr.To(admissionregistrationv1.Exact), ptr.To[int32](30)
			w.ReinvocationPolicy = ptr.To(admissionregistrationv1.NeverReinvocationPolicy)
			w.ObjectSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"judge": "me"}}
		})},
		{"side effects", plainly(func(f *Facts) {
			validating(f, "core.polymoat.io").SideEffects = ptr.To(admissionregistrationv1.SideEffectClassNone)
		})},
		{"side effects of a server without events", plainly(func(f *Facts) {
			server := &f.Deployment.Spec.Template.Spec.Containers[0]
			server.Args = append(server.Args, "--events=false")
			validating(f, "core.polymoat.io").SideEffects = ptr.To(admissionregistrationv1.SideEffectClassNone)
			validating(f, "core.polymoat.io").TimeoutSeconds = ptr.To[int32](30)
		})},
		{"rules", plainly(func(f *Facts) {
			w := validating(f, "validate.polymoat.io")
			w.Rules = w.Rules[:1]
			w = validating(f, "workloads.polymoat.io")
			w.Rules = w.Rules[1:]
		})},
		{"a managed Helm release", plainly(func(f *Facts) {
			f.Deployment.Labels["app.kubernetes.io/managed-by"] = "Helm"
			validating(f, "core.polymoat.io").TimeoutSeconds = ptr.To[int32](10)
		})},
		{"a Helm release after the first step of its installation", plainly(func(f *Facts) {
			f.Deployment.Labels["app.kubernetes.io/managed-by"] = "Helm"
			validating(f, "validate.polymoat.io").FailurePolicy = ptr.To(admissionregistrationv1.Ignore)
			validating(f, "workloads.polymoat.io").FailurePolicy = ptr.To(admissionregistrationv1.Ignore)
		})},
	},
	"webhook-target": {
		{"the Service is gone", plainly(func(f *Facts) { f.Services = nil })},
		{"no endpoint", plainly(func(f *Facts) { f.EndpointSlices = nil })},
		{"no ready endpoint", plainly(func(f *Facts) { f.EndpointSlices[0].Endpoints[0].Conditions.Ready = ptr.To(false) })},
		{"another port", plainly(func(f *Facts) { f.Services[0].Spec.Ports[0].Port = 8443 })},
		{"another namespace", plainly(func(f *Facts) { f.Mutating[0].Webhooks[0].ClientConfig.Service.Namespace = "elsewhere" })},
	},
	"webhook-namespaces": {
		{"other names", plainly(func(f *Facts) {
			validating(f, "validate.polymoat.io").NamespaceSelector.MatchExpressions[0].Values = []string{"polyaxon-old"}
		})},
		{"by another label", plainly(func(f *Facts) {
			f.Mutating[0].Webhooks[0].NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"polymoat": "on"}}
		})},
	},
	"later-mutation": {
		{"a later webhook, one that is called again, and a policy", plainly(func(f *Facts) {
			pods := admissionregistrationv1.RuleWithOperations{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.OperationAll},
				Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
			}
			for _, name := range []string{"again", "before", "zz-sidecars"} {
				w := admissionregistrationv1.MutatingWebhook{Name: name + ".example.com", Rules: []admissionregistrationv1.RuleWithOperations{pods}}
				if name == "again" {
					w.ReinvocationPolicy = ptr.To(admissionregistrationv1.IfNeededReinvocationPolicy)
				}
				f.Add(&admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: name}, Webhooks: []admissionregistrationv1.MutatingWebhook{w}})
			}
			elsewhere := &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": "elsewhere"}}
			f.Add(&admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "zz-elsewhere"}, Webhooks: []admissionregistrationv1.MutatingWebhook{
				{Name: "elsewhere.example.com", Rules: []admissionregistrationv1.RuleWithOperations{pods}, NamespaceSelector: elsewhere},
			}})
			f.Add(&admissionregistrationv1.MutatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: "tolerate"}, Spec: admissionregistrationv1.MutatingAdmissionPolicySpec{
				ReinvocationPolicy: admissionregistrationv1.IfNeededReinvocationPolicy,
				MatchConstraints:   &admissionregistrationv1.MatchResources{ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{RuleWithOperations: pods}}},
			}})
		})},
	},
}

var ofCluster = map[string][]example{
	"namespaces": {{"a governed one is missing", plainly(func(f *Facts) { f.Namespaces = nil })}},
	"namespace-standards": {{"a restricted one", plainly(func(f *Facts) {
		for _, ns := range f.Namespaces {
			ns.Labels = map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}
		}
	})}},
	"pool-nodes":  {{"no nodes at all", plainly(func(f *Facts) { f.Nodes = nil })}},
	"pool-taints": {{"nodes without one", plainly(func(f *Facts) { f.Nodes[0].Spec.Taints, f.Nodes[2].Spec.Taints, f.Nodes[3].Spec.Taints = nil, nil, nil })}},
	"pool-labels": {{"the built-in policy", plainly(func(*Facts) {})}},
	"two-pools": {{"a node of two", plainly(func(f *Facts) {
		f.Policy.Data["polyaxon.yaml"] = strings.ReplaceAll(f.Policy.Data["polyaxon.yaml"], "key: polyaxon\n      value: builds", "key: builds\n      value: builds")
		f.Nodes[0].Labels["builds"] = "builds"
	})}},
	"no-pool": {{"one of no pool", plainly(func(f *Facts) { f.Add(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "plain-1"}}) })}},

	"may-bind": {{"a tenant, and everybody", plainly(func(f *Facts) {
		allow(f, "polyaxon", []string{"create"}, "", "pods/binding")
		allow(f, "elsewhere", []string{"create"}, "", "pods/binding")
		f.ClusterGrants = append(f.ClusterGrants, bind("everything", "system:authenticated"))
		f.ClusterRoles = append(f.ClusterRoles, role("everything", []string{"create"}, "", "bindings"))
	})}},
	"may-change-nodes": {{"a tenant", plainly(func(f *Facts) { allow(f, "", []string{"patch"}, "", "nodes") })}},
	"may-claim-core":   {{"an administrator of Polyaxon", plainly(func(f *Facts) { allow(f, "", []string{"use"}, "polymoat.io", "roles") })}},
	"may-preempt": {
		{"a tenant makes groups", plainly(func(f *Facts) { allow(f, "polyaxon", []string{"*"}, "scheduling.k8s.io", "podgroups") })},
		{"an operator makes classes", plainly(func(f *Facts) { allow(f, "", []string{"create"}, "scheduling.k8s.io", "priorityclasses") })},
	},
	"group-gates": {
		{"groups are served", plainly(func(f *Facts) {
			f.Serves("workloads.scheduling.k8s.io")
			f.Serves("podgroups.scheduling.k8s.io")
			f.Serves("priorityclasses.scheduling.k8s.io")
		})},
		{"Jobs get groups", plainly(func(f *Facts) {
			f.Serves("podgroups.scheduling.k8s.io")
			f.Gates = []string{"GenericWorkload", "WorkloadWithJob"}
		})},
	},
	"may-change-polymoat": {{"a tenant", plainly(func(f *Facts) { allow(f, "polymoat-system", []string{"*"}, "", "configmaps") })}},
	"default-account": {
		{"core runs as it", plainly(func(f *Facts) {
			labels := map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"}
			f.Add(coreLike("api", labels))
			f.Add(coreLike("beat", labels))
			mayRead(f, "polyaxon", rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: "polyaxon", Name: "default"}, "secrets")
			mayRead(f, "", rbacv1.Subject{Kind: rbacv1.GroupKind, Name: "system:serviceaccounts:polyaxon"}, "nodes")
			mayRead(f, "", rbacv1.Subject{Kind: rbacv1.UserKind, Name: "system:serviceaccount:polyaxon:other"}, "services")
		})},
		{"the policy trusts it", plainly(func(f *Facts) {
			f.Policy.Data["polyaxon.yaml"] += "\n  debugUsers: [\"system:serviceaccount:polyaxon:default\"]\n  bindingUsers: [\"system:serviceaccount:polyaxon:default\"]\n"
		})},
	},
	"may-act-as-polymoat": {
		{"tenants of its namespace, and an operator", plainly(func(f *Facts) {
			allow(f, "polymoat-system", []string{"create"}, "apps", "deployments")
			operate(f, "cert-manager", "cert-manager", []string{"get"}, "", "secrets")
		})},
		{"somebody with a right in the whole cluster", plainly(func(f *Facts) { allow(f, "", []string{"create"}, "", "serviceaccounts/token") })},
		{"Polyaxon's agent with a right in the whole cluster", plainly(func(f *Facts) {
			operate(f, "polyaxon", "polyaxon-polyaxon-agent-sa", []string{"get", "update"}, "", "secrets")
		})},
	},
	"may-change-core": {{"tenants of its namespace, and core itself", plainly(func(f *Facts) {
		allow(f, "polyaxon", []string{"*"}, "", "resourcequotas")
		allow(f, "elsewhere", []string{"*"}, "", "configmaps")
		agent := coreLike("agent", map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"})
		agent.Spec.ServiceAccountName = "runner"
		f.Add(agent)
		other := agent.DeepCopy()
		other.Spec.ServiceAccountName = "default"
		f.Add(other)
		f.Grants[len(f.Grants)-2].Subjects = append(f.Grants[len(f.Grants)-2].Subjects, rbacv1.Subject{Kind: "ServiceAccount", Namespace: "polyaxon", Name: "default"})
	})}},
	"ingress-tls": {{"none", plainly(func(f *Facts) {
		f.Add(&networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "polyaxon", Name: "polyaxon-polyaxon-ingress"}})
	})}},
}

// mayRead lets a subject read something in a namespace, or everywhere.
func mayRead(f *Facts, namespace string, to rbacv1.Subject, resource string) {
	r := role("read-"+resource, []string{"get", "list"}, "", resource)
	f.ClusterRoles = append(f.ClusterRoles, r)
	if namespace == "" {
		f.ClusterGrants = append(f.ClusterGrants, &rbacv1.ClusterRoleBinding{
			RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: r.Name}, Subjects: []rbacv1.Subject{to},
		})
		return
	}
	f.Grants = append(f.Grants, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace},
		RoleRef:    rbacv1.RoleRef{Kind: "ClusterRole", Name: r.Name}, Subjects: []rbacv1.Subject{to},
	})
}

// allow lets jane do something in a namespace, or everywhere.
func allow(f *Facts, namespace string, verbs []string, group, resource string) {
	r := role("jane-"+namespace, verbs, group, resource)
	f.ClusterRoles = append(f.ClusterRoles, r)
	if namespace == "" {
		f.ClusterGrants = append(f.ClusterGrants, bind(r.Name, "jane@example.com"))
		return
	}
	b := bind(r.Name, "jane@example.com")
	b.Subjects = append(b.Subjects, rbacv1.Subject{Kind: "ServiceAccount", Namespace: namespace, Name: "runner"}, rbacv1.Subject{Kind: "User", Name: "system:kube-scheduler"})
	f.Grants = append(f.Grants, &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: r.Name}, RoleRef: b.RoleRef, Subjects: slices.Clone(b.Subjects)})
}

// operate lets a service account do something everywhere.
func operate(f *Facts, namespace, name string, verbs []string, group, resource string) {
	f.ClusterRoles = append(f.ClusterRoles, role(name, verbs, group, resource))
	b := bind(name, "")
	b.Subjects = []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: namespace, Name: name}}
	f.ClusterGrants = append(f.ClusterGrants, b)
}

func role(name string, verbs []string, group, resource string) *rbacv1.ClusterRole {
	return &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: []rbacv1.PolicyRule{{Verbs: verbs, APIGroups: []string{group}, Resources: []string{resource}}}}
}

func bind(role, user string) *rbacv1.ClusterRoleBinding {
	return &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: role}, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: role},
		Subjects: []rbacv1.Subject{{Kind: "User", Name: user}},
	}
}
