package audit

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
)

// withGPU has a second pool with a label of another key, and core with a second taint.
func withGPU(d *v1alpha1.PlacementPolicy) {
	d.Spec.NodePools[0].Taints = append(d.Spec.NodePools[0].Taints, corev1.Taint{Key: "polyaxon", Value: "core", Effect: corev1.TaintEffectNoExecute})
	d.Spec.NodePools = append(d.Spec.NodePools, v1alpha1.NodePool{Name: "gpu", NodeLabel: v1alpha1.NodeLabel{Key: "accelerator", Value: "a100"}})
}

func TestNodes(t *testing.T) {
	evicting := corev1.Taint{Key: "polyaxon", Value: "core", Effect: corev1.TaintEffectNoExecute}
	other := corev1.Taint{Key: "polyaxon", Value: "other", Effect: corev1.TaintEffectNoSchedule}
	node := func(labels map[string]string, taints ...corev1.Taint) landing.Node {
		return landing.Node{Name: "n1", Labels: labels, Taints: taints}
	}
	core := map[string]string{"polyaxon": "core"}
	for name, tc := range map[string]struct {
		node landing.Node
		want []string
	}{
		"a core node":          {node(core, coreTaint, evicting), nil},
		"a node of no pool":    {node(nil), nil},
		"a node with one of 2": {node(nil, coreTaint), nil},
		"a node of a pool":     {node(map[string]string{"polyaxon": "experiments"}, coreTaint, evicting), nil},
		"a core node that lacks a taint": {node(core, coreTaint), []string{
			`node-without-taint: node/n1 is labelled polyaxon=core, and lacks polyaxon=core:NoExecute of protected pool "core": pods that polymoat does not judge land on it; kubectl taint node n1 polyaxon=core:NoExecute`,
		}},
		"a core node with another taint": {node(core, other), []string{
			`node-without-taint: node/n1 is labelled polyaxon=core, and lacks polyaxon=core:NoSchedule polyaxon=core:NoExecute of protected pool "core": pods that polymoat does not judge land on it; ` +
				`kubectl taint node n1 polyaxon=core:NoSchedule polyaxon=core:NoExecute`,
		}},
		"a node with the taints alone": {node(nil, coreTaint, evicting), []string{
			`node-without-label: node/n1 has the taints of protected pool "core" (polyaxon=core:NoSchedule polyaxon=core:NoExecute), and not its label polyaxon=core; label it polyaxon=core, or take the taint away`,
		}},
		"a node of two pools": {node(map[string]string{"polyaxon": "core", "accelerator": "a100"}, coreTaint, evicting), []string{
			`node-in-two-pools: node/n1 is labelled polyaxon=core of protected pool "core" and accelerator=a100 of pool "gpu", whose pods may be sent there; kubectl label node n1 accelerator-`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, sentences(auditor(t, withGPU).Node(tc.node))); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNodesOfAnEmptyLabel: the label of a pool may have no value, and a node without the label is none of the pool's.
func TestNodesOfAnEmptyLabel(t *testing.T) {
	a := auditor(t, func(d *v1alpha1.PlacementPolicy) {
		d.Spec.NodePools[0].NodeLabel = v1alpha1.NodeLabel{Key: "node-role.kubernetes.io/infra"}
	})
	for labels, want := range map[string][]string{
		"node-role.kubernetes.io/infra": {
			`node-without-taint: node/n1 is labelled node-role.kubernetes.io/infra=, and lacks polyaxon=core:NoSchedule of protected pool "core": pods that polymoat does not judge land on it; kubectl taint node n1 polyaxon=core:NoSchedule`,
		},
		"other": nil,
	} {
		node := landing.Node{Name: "n1", Labels: map[string]string{labels: ""}}
		if diff := cmp.Diff(want, sentences(a.Node(node))); diff != "" {
			t.Errorf("%s: findings (-want +got):\n%s", labels, diff)
		}
	}
}

func TestRuntimeClasses(t *testing.T) {
	for name, tc := range map[string]struct {
		scheduling *nodev1.Scheduling
		want       []string
	}{
		"a class without scheduling":                    {nil, nil},
		"a class of other nodes":                        {&nodev1.Scheduling{NodeSelector: map[string]string{"polyaxon": "builds"}, Tolerations: []corev1.Toleration{{Operator: corev1.TolerationOpExists}}}, nil},
		"a class that tolerates nothing, on core nodes": {&nodev1.Scheduling{NodeSelector: map[string]string{"polyaxon": "core"}}, nil},
		"a class that tolerates everything": {&nodev1.Scheduling{Tolerations: []corev1.Toleration{{Operator: corev1.TolerationOpExists}}}, []string{
			`runtime-class-opens-pool: runtimeclass.node.k8s.io/gvisor lets pods onto protected pool "core": its scheduling tolerates "polyaxon=core:NoSchedule" with scheduling.tolerations[0] and nothing keeps it off nodes labelled polyaxon=core; ` +
				`take that out of its scheduling, or name the classes that roles may use in runtimeClassNames`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			class := &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: "gvisor"}, Scheduling: tc.scheduling}
			if diff := cmp.Diff(tc.want, sentences(auditor(t, nil).RuntimeClass(class))); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRights(t *testing.T) {
	account := func(namespace string) rbacv1.Subject {
		return rbacv1.Subject{Kind: "ServiceAccount", Namespace: namespace, Name: "runs"}
	}
	everything := rbacv1.PolicyRule{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}}
	nodes := rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"patch"}}
	found := func(who, may string) []string {
		return []string{`right-around-polymoat: clusterrolebinding.rbac.authorization.k8s.io/b gives ClusterRole "r" to ` + who + `, who may with it ` + may +
			`; take the subject out of the binding, or the rules out of the role`}
	}
	const relabel = "change labels and taints of nodes (write nodes)"
	for name, tc := range map[string]struct {
		rule    rbacv1.PolicyRule
		subject rbacv1.Subject
		want    []string
	}{
		"a service account of runs":            {nodes, account("polyaxon"), found(`service account "runs" of namespace "polyaxon"`, relabel)},
		"a service account of somebody else's": {nodes, account("autoscaler"), nil},
		"its user name":                        {nodes, rbacv1.Subject{Kind: "User", Name: "system:serviceaccount:polyaxon:runs"}, found(`user "system:serviceaccount:polyaxon:runs"`, relabel)},
		"a person":                             {nodes, rbacv1.Subject{Kind: "User", Name: "jane"}, nil},
		"anybody":                              {nodes, rbacv1.Subject{Kind: "Group", Name: "system:authenticated"}, found(`group "system:authenticated"`, relabel)},
		"all service accounts of runs":         {nodes, rbacv1.Subject{Kind: "Group", Name: "system:serviceaccounts:polyaxon"}, found(`group "system:serviceaccounts:polyaxon"`, relabel)},
		"kubelets":                             {nodes, rbacv1.Subject{Kind: "Group", Name: "system:nodes"}, nil},
		"rights that lead nowhere":             {rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"get", "list"}}, account("polyaxon"), nil},
		"one node":                             {rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"patch"}, ResourceNames: []string{"n1"}}, account("polyaxon"), found(`service account "runs" of namespace "polyaxon"`, relabel)},
		"webhooks of its own": {
			rbacv1.PolicyRule{APIGroups: []string{"admissionregistration.k8s.io"}, Resources: []string{"mutatingwebhookconfigurations"}, Verbs: []string{"patch"}, ResourceNames: []string{"mine"}},
			account("polyaxon"), nil,
		},
		"a subresource of anything": {rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"*/proxy"}, Verbs: []string{"get"}}, account("polyaxon"), found(`service account "runs" of namespace "polyaxon"`, "run commands through kubelets (nodes/proxy)")},
		"core": {
			rbacv1.PolicyRule{APIGroups: []string{"polymoat.io"}, Resources: []string{"roles"}, Verbs: []string{"use"}, ResourceNames: []string{"core"}},
			account("polyaxon"), found(`service account "runs" of namespace "polyaxon"`, "claim core (use roles.polymoat.io)"),
		},
		"everything": {everything, account("polyaxon"), found(`service account "runs" of namespace "polyaxon"`, "give itself any right (escalate clusterroles), give itself any right (bind clusterroles), "+
			"act as anybody (impersonate users), act as anybody (impersonate groups), act as any service account (impersonate serviceaccounts), turn webhooks off (write mutatingwebhookconfigurations), "+
			"turn webhooks off (write validatingwebhookconfigurations), change labels and taints of nodes (write nodes), run commands through kubelets (nodes/proxy), claim core (use roles.polymoat.io)")},
	} {
		t.Run(name, func(t *testing.T) {
			binding := &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "b"}, RoleRef: rbacv1.RoleRef{Name: "r"}, Subjects: []rbacv1.Subject{tc.subject}}
			got := auditor(t, nil).Rights(binding, map[string][]rbacv1.PolicyRule{"r": {tc.rule}})
			if diff := cmp.Diff(tc.want, sentences(got)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}
