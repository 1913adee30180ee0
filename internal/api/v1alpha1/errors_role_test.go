package v1alpha1

// mistakesOfRoles are in spec.roles, and in what roles inherit.
var mistakesOfRoles = []mistake{
	// Roles: names, pools, node selectors.
	{jobs, "{nodePools: [gpu]}",
		`policy.yaml:13: spec.roles[1].name: is empty; write a name of lower-case letters, digits and "-"`},
	{jobs, "{name: job}",
		`policy.yaml:13: spec.roles[1].name: "job" is not a known role, and a role of your own needs match; did you mean "jobs"?`},
	{jobs, "{name: frobnicators}",
		`policy.yaml:13: spec.roles[1].name: "frobnicators" is not a known role, and a role of your own needs match; accepted: "core", "experiments", "jobs", "builds", "notebooks", "tensorboards", "services", "distributed", "helpers", "other"`},
	{jobs, "{name: Jobs}",
		`policy.yaml:13: spec.roles[1].name: "Jobs" is not a DNS label: at most 63 lower-case letters, digits and "-", with a letter or digit at both ends`},
	{jobs, "{name: core}",
		`policy.yaml:13: spec.roles[1].name: "core" is at spec.roles[0].name already; keep one`},
	{jobs, "{name: jobs, nodePools: [gpus]}",
		`policy.yaml:13: spec.roles[1].nodePools[0]: "gpus" is not one of spec.nodePools; did you mean "gpu"?`},
	{jobs, "{name: jobs, nodePools: [experiments, '']}",
		`policy.yaml:13: spec.roles[1].nodePools[0]: "experiments" is not one of spec.nodePools; accepted: "core", "gpu"
policy.yaml:13: spec.roles[1].nodePools[1]: "" is not one of spec.nodePools; accepted: "core", "gpu"`},
	{jobs, "{name: jobs, nodePools: [gpu, gpu]}",
		`policy.yaml:13: spec.roles[1].nodePools[1]: "gpu" is at spec.roles[1].nodePools[0] already; keep one`},
	{"{name: other}", "{name: other, nodePools: [gpu, core]}",
		`policy.yaml:15: spec.roles[3].nodePools[1]: "core" is protected, and role "other" is every pod that nobody vouches for; remove it`},
	{jobs, "{name: jobs, nodeSelector: {polyaxon: gpu}}",
		`policy.yaml:13: spec.roles[1].nodeSelector[polyaxon]: is the label of node pools; list the pool in nodePools instead`},
	{jobs, "{name: jobs, nodeSelector: {a/b/c: d, e: f g}}",
		`policy.yaml:13: spec.roles[1].nodeSelector[a/b/c]: "a/b/c" is not a label key: at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends; a DNS domain and "/" may come before it
policy.yaml:13: spec.roles[1].nodeSelector[e]: "f g" is not a label value: at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends`},

	// Roles: tolerations.
	{jobs, "{name: jobs, tolerations: [{}]}",
		`policy.yaml:13: spec.roles[1].tolerations[0].key: is empty; write the taint's key, or operator "Exists" for every taint`},
	{jobs, "{name: jobs, tolerations: [{key: a, operator: Exists, value: b}]}",
		`policy.yaml:13: spec.roles[1].tolerations[0].value: "b" is not looked at with operator "Exists"; remove it or write operator "Equal"`},
	{jobs, "{name: jobs, tolerations: [{key: a, operator: equal}]}",
		`policy.yaml:13: spec.roles[1].tolerations[0].operator: "equal" is not one of "Equal", "Exists", "Lt", "Gt"; did you mean "Equal"?`},
	{jobs, "{name: jobs, tolerations: [{key: a b, value: c d, effect: Never}]}",
		`policy.yaml:13: spec.roles[1].tolerations[0].effect: "Never" is not one of "NoSchedule", "PreferNoSchedule", "NoExecute"
policy.yaml:13: spec.roles[1].tolerations[0].key: "a b" is not a label key: at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends; a DNS domain and "/" may come before it
policy.yaml:13: spec.roles[1].tolerations[0].value: "c d" is not a label value: at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends`},
	{jobs, "{name: jobs, tolerations: [{key: a, operator: Lt, value: many}]}",
		`policy.yaml:13: spec.roles[1].tolerations[0].value: "many" is not a whole number, which operator "Lt" compares with`},
	{jobs, "{name: jobs, tolerations: [{key: a, operator: Gt, value: '007'}]}",
		`policy.yaml:13: spec.roles[1].tolerations[0].value: "007" is not a whole number, which operator "Gt" compares with`},
	{jobs, "{name: jobs, tolerations: [{key: a, tolerationSeconds: 5}]}",
		`policy.yaml:13: spec.roles[1].tolerations[0].tolerationSeconds: goes only with effect "NoExecute"; set it or remove tolerationSeconds`},
	{jobs, "{name: jobs, tolerations: [{operator: Exists}]}",
		`policy.yaml:13: spec.roles[1].tolerations[0]: tolerates the taints of the protected node pool "core", which role "jobs" does not list; drop the toleration or add the pool to nodePools`},
	{jobs, "{name: jobs, nodePools: [gpu], tolerations: [{key: a}, {key: polyaxon, value: core}]}",
		`policy.yaml:13: spec.roles[1].tolerations[1]: tolerates the taints of the protected node pool "core", which role "jobs" does not list; drop the toleration or add the pool to nodePools`},

	// Roles: affinity.
	{jobs, "{name: jobs, affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: []}}}}",
		`policy.yaml:13: spec.roles[1].affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: lists no term, so no node would do; add one or remove requiredDuringSchedulingIgnoredDuringExecution`},
	{jobs, "{name: jobs, affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{}, {matchExpressions: [{key: a, operator: Near}, {key: b, operator: In}, {key: c d, operator: Exists}, {key: e, operator: Gt, values: [f]}]}]}}}}",
		`policy.yaml:13: spec.roles[1].affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]: is empty, so no node would do; add matchExpressions or remove the term
policy.yaml:13: spec.roles[1].affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[1].matchExpressions[0].operator: "Near" is not accepted by Kubernetes: supported values: "In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"
policy.yaml:13: spec.roles[1].affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[1].matchExpressions[1].values: is not accepted by Kubernetes: for 'in', 'notin' operators, values set can't be empty
policy.yaml:13: spec.roles[1].affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[1].matchExpressions[2].key: "c d" is not accepted by Kubernetes: name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character
policy.yaml:13: spec.roles[1].affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[1].matchExpressions[3].values[0]: "f" is not accepted by Kubernetes: for 'Gt', 'Lt' operators, the value must be an integer`},
	{jobs, "{name: jobs, affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: spec.nodeName, operator: In, values: [a, b]}]}]}}}}",
		`policy.yaml:13: spec.roles[1].affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0].key: "spec.nodeName" is not a field of nodes; write "metadata.name"
policy.yaml:13: spec.roles[1].affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0].values: ["a","b"] is not accepted by Kubernetes: must have one element`},
	{jobs, "{name: jobs, affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{preference: {matchExpressions: [{key: a, operator: In}]}}]}}}",
		`policy.yaml:13: spec.roles[1].affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].values: is not accepted by Kubernetes: for 'in', 'notin' operators, values set can't be empty
policy.yaml:13: spec.roles[1].affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: 0 is not a weight from 1 to 100`},
	{jobs, "{name: jobs, affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{labelSelector: {matchLabels: {a: b c}}}]}}}",
		`policy.yaml:13: spec.roles[1].affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector.matchLabels: "b c" is not accepted by Kubernetes: a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character
policy.yaml:13: spec.roles[1].affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: is empty; write a label key`},
	{jobs, "{name: jobs, affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 101, podAffinityTerm: {topologyKey: a b, namespaceSelector: {matchExpressions: [{key: a, operator: Within}]}}}]}}}",
		`policy.yaml:13: spec.roles[1].affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.namespaceSelector.matchExpressions[0].operator: "Within" is not accepted by Kubernetes: not a valid selector operator
policy.yaml:13: spec.roles[1].affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.topologyKey: "a b" is not a label key: at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends; a DNS domain and "/" may come before it
policy.yaml:13: spec.roles[1].affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: 101 is not a weight from 1 to 100`},

	// Roles: enumerations.
	{jobs, "{name: jobs, podSecurity: Baseline, identity: keep, onConflict: Move}",
		`policy.yaml:13: spec.roles[1].identity: "keep" is not one of "Inject", "Keep"; did you mean "Keep"?
policy.yaml:13: spec.roles[1].onConflict: "Move" is not one of "Refuse", "Replace"
policy.yaml:13: spec.roles[1].podSecurity: "Baseline" is not one of "privileged", "baseline", "restricted"; did you mean "baseline"?`},

	// Roles: allow-lists.
	{jobs, "{name: jobs, schedulingGroups: allow}",
		`policy.yaml:13: spec.roles[1].schedulingGroups: "allow" is not one of "Refuse", "Allow"; did you mean "Allow"?`},
	{jobs, "{name: jobs, schedulerNames: [Volcano, volcano, volcano], priorityClassNames: ['']}",
		`policy.yaml:13: spec.roles[1].priorityClassNames[0]: "" is no name: lower-case letters, digits, "-" and "."
policy.yaml:13: spec.roles[1].schedulerNames[0]: "Volcano" is no name: lower-case letters, digits, "-" and "."
policy.yaml:13: spec.roles[1].schedulerNames[2]: "volcano" is at spec.roles[1].schedulerNames[1] already; keep one`},

	// Roles: security contexts.
	{jobs, "{name: jobs, podSecurityContext: {runAsUser: -1, runAsGroup: 2147483648, fsGroup: -2, supplementalGroups: [5, -3]}, containerSecurityContext: {runAsUser: -4, runAsGroup: -5}}",
		`policy.yaml:13: spec.roles[1].containerSecurityContext.runAsGroup: -5 is not an id from 0 to 2147483647
policy.yaml:13: spec.roles[1].containerSecurityContext.runAsUser: -4 is not an id from 0 to 2147483647
policy.yaml:13: spec.roles[1].podSecurityContext.fsGroup: -2 is not an id from 0 to 2147483647
policy.yaml:13: spec.roles[1].podSecurityContext.runAsGroup: 2147483648 is not an id from 0 to 2147483647
policy.yaml:13: spec.roles[1].podSecurityContext.runAsUser: -1 is not an id from 0 to 2147483647
policy.yaml:13: spec.roles[1].podSecurityContext.supplementalGroups[1]: -3 is not an id from 0 to 2147483647`},
	{jobs, "{name: jobs, podSecurityContext: {runAsUser: 0, runAsNonRoot: false}}",
		`policy.yaml:13: spec.roles[1].podSecurityContext.runAsNonRoot: false is refused to role "jobs" by podSecurity "restricted" (must not set runAsNonRoot=false); change it or set podSecurity to "baseline" there
policy.yaml:13: spec.roles[1].podSecurityContext.runAsUser: 0 is refused to role "jobs" by podSecurity "restricted" (must not set runAsUser=0); change it or set podSecurity to "baseline" there`},
	{jobs, "{name: jobs, containerSecurityContext: {allowPrivilegeEscalation: true, capabilities: {add: [SYS_ADMIN]}}}",
		`policy.yaml:13: spec.roles[1].containerSecurityContext.allowPrivilegeEscalation: true is refused to role "jobs" by podSecurity "restricted" (must set allowPrivilegeEscalation=false); change it or set podSecurity to "baseline" there
policy.yaml:13: spec.roles[1].containerSecurityContext.capabilities: {"add":["SYS_ADMIN"]} is refused to role "jobs" by podSecurity "restricted" (must set capabilities.drop=["ALL"]; must not include "SYS_ADMIN" in capabilities.add); change it or set podSecurity to "privileged" there`},
	{jobs, "{name: jobs, containerSecurityContext: {capabilities: {drop: [NET_RAW]}}}",
		`policy.yaml:13: spec.roles[1].containerSecurityContext.capabilities: {"drop":["NET_RAW"]} is refused to role "jobs" by podSecurity "restricted" (must set capabilities.drop=["ALL"]); change it or set podSecurity to "baseline" there`},
	{builds, "{name: builds, containerSecurityContext: {privileged: true}}",
		`policy.yaml:14: spec.roles[2].containerSecurityContext.privileged: true is refused to role "builds" by podSecurity "baseline" (must not set privileged=true); change it or set podSecurity to "privileged" there`},
	{builds, "{name: builds, identity: Inject, podSecurityContext: {runAsUser: 0}}",
		`policy.yaml:14: spec.roles[2].podSecurityContext.runAsUser: 0 is root, which spec.defaults.podSecurityContext.runAsNonRoot forbids; set runAsNonRoot to false beside it`},
	{builds, "{name: builds, identity: Inject, podSecurity: privileged, containerSecurityContext: {privileged: true}}",
		`policy.yaml:14: spec.roles[2].containerSecurityContext.privileged: true escalates privileges, which spec.defaults.containerSecurityContext.allowPrivilegeEscalation forbids; set allowPrivilegeEscalation to true beside it`},
	{builds, "{name: builds, identity: Inject, podSecurity: privileged, containerSecurityContext: {capabilities: {add: [CAP_SYS_ADMIN]}}}",
		`policy.yaml:14: spec.roles[2].containerSecurityContext.capabilities.add: "CAP_SYS_ADMIN" escalates privileges, which spec.defaults.containerSecurityContext.allowPrivilegeEscalation forbids; set allowPrivilegeEscalation to true beside it`},
	{"requesters: []", "defaults: {podSecurityContext: {runAsUser: 0}}",
		`policy.yaml:7: spec.defaults.podSecurityContext.runAsUser: 0 is refused to roles that inherit it by podSecurity "restricted" (must not set runAsUser=0); change it or set podSecurity to "baseline" there`},
	{jobs, "{name: jobs, podSecurity: baseline, identity: Keep, podSecurityContext: {runAsUser: 0}}",
		`policy.yaml:13: spec.roles[1].podSecurityContext.runAsUser: 0 is refused to roles that fall back to "jobs" by podSecurity "restricted" (must not set runAsUser=0); change it or set podSecurity to "baseline" there`},

	{jobs, "{name: jobs, podSecurityContext: {runAsGroup: 0, fsGroup: 0, supplementalGroups: [5, 0]}, containerSecurityContext: {runAsGroup: 0}}",
		`policy.yaml:13: spec.roles[1].containerSecurityContext.runAsGroup: 0 is refused to role "jobs" by rule run-as-root-group; set gids above 0, or a mode for that rule in spec.modes
policy.yaml:13: spec.roles[1].podSecurityContext.fsGroup: 0 is refused to role "jobs" by rule run-as-root-group; set gids above 0, or a mode for that rule in spec.modes
policy.yaml:13: spec.roles[1].podSecurityContext.runAsGroup: 0 is refused to role "jobs" by rule run-as-root-group; set gids above 0, or a mode for that rule in spec.modes
policy.yaml:13: spec.roles[1].podSecurityContext.supplementalGroups: [5,0] is refused to role "jobs" by rule run-as-root-group; set gids above 0, or a mode for that rule in spec.modes`},
	{"requesters: []", "defaults: {podSecurityContext: {runAsGroup: 0}}",
		`policy.yaml:7: spec.defaults.podSecurityContext.runAsGroup: 0 is refused to roles that inherit it by rule run-as-root-group; set gids above 0, or a mode for that rule in spec.modes`},

	// Roles: images, host paths, signals.
	{builds, "{name: builds, rootImages: [moby/buildkit, ubuntu, 'quay.io/buildah/stable:v1', 'gcr.io/*', gcr.io/a/b, gcr.io/a/b]}",
		`policy.yaml:14: spec.roles[2].rootImages[0]: "moby/buildkit" is not a repository with its registry and without tag or digest; did you mean "docker.io/moby/buildkit"?
policy.yaml:14: spec.roles[2].rootImages[1]: "ubuntu" is not a repository with its registry and without tag or digest; did you mean "docker.io/library/ubuntu"?
policy.yaml:14: spec.roles[2].rootImages[2]: "quay.io/buildah/stable:v1" is not a repository with its registry and without tag or digest; did you mean "quay.io/buildah/stable"?
policy.yaml:14: spec.roles[2].rootImages[3]: "gcr.io/*" is not an image repository; write registry and path: "gcr.io/kaniko-project/executor"
policy.yaml:14: spec.roles[2].rootImages[5]: "gcr.io/a/b" is at spec.roles[2].rootImages[4] already; keep one`},
	{jobs, "{name: jobs, rootImages: [gcr.io/kaniko-project/executor]}",
		`policy.yaml:13: spec.roles[1].rootImages: have no effect where podSecurity is "restricted"; set podSecurity to "baseline" or remove them`},
	{builds, "{name: builds, hostPaths: [{}, {path: data}, {path: /}, {path: /..}, {path: /a/../b}, {path: /c/}, {path: /d, from: anyone}, {path: /d}]}",
		`policy.yaml:14: spec.roles[2].hostPaths[0].path: is empty; write a path on the node: "/var/run/docker.sock"
policy.yaml:14: spec.roles[2].hostPaths[1].path: "data" is not absolute; begin it with "/"
policy.yaml:14: spec.roles[2].hostPaths[2].path: "/" is the whole node; name what the role needs below it
policy.yaml:14: spec.roles[2].hostPaths[3].path: "/.." is the whole node; name what the role needs below it
policy.yaml:14: spec.roles[2].hostPaths[4].path: "/a/../b" is not written in its shortest form; did you mean "/b"?
policy.yaml:14: spec.roles[2].hostPaths[5].path: "/c/" is not written in its shortest form; did you mean "/c"?
policy.yaml:14: spec.roles[2].hostPaths[6].from: "anyone" is not one of "Requester", "Anyone"; did you mean "Anyone"?
policy.yaml:14: spec.roles[2].hostPaths[7].path: "/d" is at spec.roles[2].hostPaths[6].path already; keep one`},
	{jobs, "{name: jobs, match: {}}",
		`policy.yaml:13: spec.roles[1].match.any: lists no signal; add one or remove match`},
	{jobs, "{name: jobs, match: {mode: Add, any: [{}, {labels: {a b: c}}, {role: notebook}, {role: frobnicators}]}}",
		`policy.yaml:13: spec.roles[1].match.any[0]: sets no field; set at least one of labels, annotations, role, image, command, arg and initContainer
policy.yaml:13: spec.roles[1].match.any[1].labels[a b]: "a b" is not a label key: at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends; a DNS domain and "/" may come before it
policy.yaml:13: spec.roles[1].match.any[2].role: "notebook" is not a known role; did you mean "notebooks"?
policy.yaml:13: spec.roles[1].match.any[3].role: "frobnicators" is not a known role; accepted: "core", "experiments", "jobs", "builds", "notebooks", "tensorboards", "services", "distributed", "helpers", "other"
policy.yaml:13: spec.roles[1].match.mode: "Add" is not one of "Extend", "Replace"`},
	{jobs, "{name: jobs, nodePools: [gpu], match: {any: [{annotations: {-a: b}}]}}",
		`policy.yaml:13: spec.roles[1].match.any[0].annotations[-a]: "-a" is not the key of an annotation: at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends; a DNS domain and "/" may come before it`},
	{"{name: core, nodePools: [core]}", "{name: core, nodePools: [core], match: {any: [{annotations: {a: b}, labels: {c: d}}]}}",
		`policy.yaml:12: spec.roles[0].match.any[0].annotations: tell no pod of role "core": it is claimed by labels; remove them`},
}
