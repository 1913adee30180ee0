package v1alpha1

import "strings"

// mistakesOfPolicy are in names, users and node pools.
var mistakesOfPolicy = []mistake{
	// Names.
	{"metadata: {name: polyaxon}", "metadata: {}",
		`policy.yaml:3: metadata.name: is empty; write a name of lower-case letters, digits and "-"`},
	{"metadata: {name: polyaxon}\n", "",
		`policy.yaml: metadata.name: is empty; write a name of lower-case letters, digits and "-"`},
	{"metadata: {name: polyaxon}", "metadata: {name: Polyaxon}",
		`policy.yaml:3: metadata.name: "Polyaxon" is not a DNS label: at most 63 lower-case letters, digits and "-", with a letter or digit at both ends`},
	{"release: polyaxon", "release: poly_axon",
		`policy.yaml:5: spec.release: "poly_axon" is not a Helm release name: at most 53 lower-case letters, digits, "-" and ".", with a letter or digit at both ends of every part`},
	{"release: polyaxon", "release: " + strings.Repeat("a", 54),
		`policy.yaml:5: spec.release: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" is not a Helm release name: at most 53 lower-case letters, digits, "-" and ".", with a letter or digit at both ends of every part`},
	{"namespaces: [polyaxon]", "namespaces: []",
		`policy.yaml:6: spec.namespaces: lists no namespace; name the one that Polyaxon creates its pods in: ["polyaxon"]`},
	{"  namespaces: [polyaxon]\n", "",
		`policy.yaml:5: spec.namespaces: lists no namespace; name the one that Polyaxon creates its pods in: ["polyaxon"]`},
	{"namespaces: [polyaxon]", "namespaces: [poly.axon, '', a, a]",
		`policy.yaml:6: spec.namespaces[0]: "poly.axon" is not a DNS label: at most 63 lower-case letters, digits and "-", with a letter or digit at both ends
policy.yaml:6: spec.namespaces[1]: is empty; write a name of lower-case letters, digits and "-"
policy.yaml:6: spec.namespaces[3]: "a" is at spec.namespaces[2] already; keep one`},
	{"namespaces: [polyaxon]", "namespaces: [polyaxon, kube-system]",
		`policy.yaml:6: spec.namespaces[1]: "kube-system" is never governed: the cluster must start without polymoat; remove it`},
	{"requesters: []", "requesters: ['', 'a b', c, c]",
		`policy.yaml:7: spec.requesters[0]: is empty; write a user's name: "system:serviceaccount:NAMESPACE:NAME"
policy.yaml:7: spec.requesters[1]: "a b" has a blank in it; list one user per entry
policy.yaml:7: spec.requesters[3]: "c" is at spec.requesters[2] already; keep one`},
	{"requesters: []", "nodeNameUsers: ['kubelet ']",
		`policy.yaml:7: spec.nodeNameUsers[0]: "kubelet " has a blank in it; list one user per entry`},
	{"requesters: []", "coreTrust: {users: ['', 'a b'], groups: [' a', ''], serviceAccounts: [a/b/c, A, '', b, b, a/b]}",
		`policy.yaml:7: spec.coreTrust.groups[0]: " a" begins or ends with a blank; remove it
policy.yaml:7: spec.coreTrust.groups[1]: is empty; write a group's name: "system:masters"
policy.yaml:7: spec.coreTrust.serviceAccounts[0]: "a/b/c" is not a service account; write "NAMESPACE/NAME", or "NAME" for that of the governed namespace
policy.yaml:7: spec.coreTrust.serviceAccounts[1]: "A" is not a service account; write "NAMESPACE/NAME", or "NAME" for that of the governed namespace
policy.yaml:7: spec.coreTrust.serviceAccounts[2]: is empty; write a service account: "NAMESPACE/NAME"
policy.yaml:7: spec.coreTrust.serviceAccounts[4]: "b" is at spec.coreTrust.serviceAccounts[3] already; keep one
policy.yaml:7: spec.coreTrust.users[0]: is empty; write a user's name: "system:serviceaccount:NAMESPACE:NAME"
policy.yaml:7: spec.coreTrust.users[1]: "a b" has a blank in it; list one user per entry`},
	{"requesters: []", "coreTrust: {groups: [ops, ops, 'system:authenticated']}",
		`policy.yaml:7: spec.coreTrust.groups[1]: "ops" is at spec.coreTrust.groups[0] already; keep one
policy.yaml:7: spec.coreTrust.groups[2]: "system:authenticated" holds everybody, and core must be kept from them; name a smaller group`},
	{"requesters: []", "coreFailurePolicy: ignore",
		`policy.yaml:7: spec.coreFailurePolicy: "ignore" is not one of "Ignore", "Fail"; did you mean "Ignore"?`},
	{base[strings.Index(base, "  nodePools:"):], `  coreFailurePolicy: Ignore
  nodePools:
  - {name: core, nodeLabel: {key: polyaxon, value: core}, protected: true}
  roles:
  - {name: core, match: {mode: Replace, any: [{labels: {tier: platform}}]}}
`,
		`policy.yaml:8: spec.coreFailurePolicy: "Ignore" trusts the labels of Polyaxon's charts, and role "core" replaces them; write "Fail", or have its match extend them`},
	{"requesters: []", `contact: "#ml\nteam"`,
		`policy.yaml:7: spec.contact: "#ml\nteam" is no contact: one line of at most 200 characters`},
	{"requesters: []", "corePriorityClassName: Core",
		`policy.yaml:7: spec.corePriorityClassName: "Core" is no name: lower-case letters, digits, "-" and "."`},
	{"requesters: []", "bindingUsers: ['']\n  debugUsers: [a b]",
		`policy.yaml:7: spec.bindingUsers[0]: is empty; write a user's name: "system:serviceaccount:NAMESPACE:NAME"
policy.yaml:8: spec.debugUsers[0]: "a b" has a blank in it; list one user per entry`},
	{"release: polyaxon\n  namespaces: [polyaxon]\n  requesters: []", "release: a b\n  namespaces: [c d]",
		`policy.yaml:5: spec.release: "a b" is not a Helm release name: at most 53 lower-case letters, digits, "-" and ".", with a letter or digit at both ends of every part
policy.yaml:6: spec.namespaces[0]: "c d" is not a DNS label: at most 63 lower-case letters, digits and "-", with a letter or digit at both ends`},

	// Node pools.
	{base[strings.Index(base, "  nodePools:"):], "  nodePools: []\n  roles: []\n",
		`policy.yaml:8: spec.nodePools: lists no node pool; describe at least the nodes that keep Polyaxon alive, as protected`},
	{gpu, "{}",
		`policy.yaml:10: spec.nodePools[1].name: is empty; write a name of lower-case letters, digits and "-"
policy.yaml:10: spec.nodePools[1].nodeLabel.key: is empty; write a label key
policy.yaml:10: spec.nodePools[1].nodeLabel.value: is missing; write the value that the pool's nodes carry, "" for an empty one
policy.yaml:13: spec.roles[1].nodePools[0]: "gpu" is not one of spec.nodePools; accepted: "core"
policy.yaml:14: spec.roles[2].nodePools[0]: "gpu" is not one of spec.nodePools; accepted: "core"`},
	{gpu, "{name: gpu.a, nodeLabel: {key: a b, value: c/d}}",
		`policy.yaml:10: spec.nodePools[1].name: "gpu.a" is not a DNS label: at most 63 lower-case letters, digits and "-", with a letter or digit at both ends
policy.yaml:10: spec.nodePools[1].nodeLabel.key: "a b" is not a label key: at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends; a DNS domain and "/" may come before it
policy.yaml:10: spec.nodePools[1].nodeLabel.value: "c/d" is not a label value: at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends
policy.yaml:13: spec.roles[1].nodePools[0]: "gpu" is not one of spec.nodePools; accepted: "core", "gpu.a"
policy.yaml:14: spec.roles[2].nodePools[0]: "gpu" is not one of spec.nodePools; accepted: "core", "gpu.a"`},
	{gpu, "{name: core, nodeLabel: {key: polyaxon, value: core}}",
		`policy.yaml:10: spec.nodePools[1].name: "core" is at spec.nodePools[0].name already; keep one
policy.yaml:10: spec.nodePools[1].nodeLabel: "polyaxon=core" is at spec.nodePools[0].nodeLabel already; keep one
policy.yaml:13: spec.roles[1].nodePools[0]: "gpu" is not one of spec.nodePools; accepted: "core"
policy.yaml:14: spec.roles[2].nodePools[0]: "gpu" is not one of spec.nodePools; accepted: "core"`},
	{gpu, "{name: gpu, nodeLabel: {key: polyaxon, value: gpu}, resources: [cpu, '', nvidia.com/gpu, kubernetes.io/x, nvidia.com/gpu, requests.nvidia.com/gpu]}",
		`policy.yaml:10: spec.nodePools[1].resources[0]: "cpu" is not an extended resource; write its full name: "nvidia.com/gpu"
policy.yaml:10: spec.nodePools[1].resources[1]: "" is not an extended resource; write its full name: "nvidia.com/gpu"
policy.yaml:10: spec.nodePools[1].resources[3]: "kubernetes.io/x" is not an extended resource; write its full name: "nvidia.com/gpu"
policy.yaml:10: spec.nodePools[1].resources[4]: "nvidia.com/gpu" is at spec.nodePools[1].resources[2] already; keep one
policy.yaml:10: spec.nodePools[1].resources[5]: "requests.nvidia.com/gpu" is not an extended resource; write its full name: "nvidia.com/gpu"`},
	{gpu, "{name: gpu, nodeLabel: {key: polyaxon, value: gpu}, taints: [{}]}",
		`policy.yaml:10: spec.nodePools[1].taints[0].effect: is missing; write one of "NoSchedule", "PreferNoSchedule", "NoExecute"
policy.yaml:10: spec.nodePools[1].taints[0].key: is empty; write a label key`},
	{gpu, "{name: gpu, nodeLabel: {key: polyaxon, value: gpu}, taints: [{key: -a, value: b c, effect: noSchedule}]}",
		`policy.yaml:10: spec.nodePools[1].taints[0].effect: "noSchedule" is not one of "NoSchedule", "PreferNoSchedule", "NoExecute"; did you mean "NoSchedule"?
policy.yaml:10: spec.nodePools[1].taints[0].key: "-a" is not a label key: at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends; a DNS domain and "/" may come before it
policy.yaml:10: spec.nodePools[1].taints[0].value: "b c" is not a label value: at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends`},
	{gpu, "{name: gpu, nodeLabel: {key: polyaxon, value: gpu}, taints: [{key: a, effect: Evict, timeAdded: '2026-01-02T03:04:05Z'}]}",
		`policy.yaml:10: spec.nodePools[1].taints[0].effect: "Evict" is not one of "NoSchedule", "PreferNoSchedule", "NoExecute"
policy.yaml:10: spec.nodePools[1].taints[0].timeAdded: is set by Kubernetes on nodes; remove it`},
	{gpu, "{name: gpu, nodeLabel: {key: polyaxon, value: gpu}, taints: [{key: a, value: b, effect: NoExecute}, {key: a, effect: NoExecute}]}",
		`policy.yaml:10: spec.nodePools[1].taints[1]: "a:NoExecute" is at spec.nodePools[1].taints[0] already; keep one`},
}
