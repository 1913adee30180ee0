package v1alpha1

// mistakesOfOverrides are in spec.roles[].overrides.
var mistakesOfOverrides = []mistake{
	{jobs, "{name: jobs, nodePools: [gpu], overrides: {nodepools: [gpu]}}",
		`policy.yaml:13: spec.roles[1].overrides.nodepools: unknown field; did you mean "nodePools"?`},
	{jobs, "{name: jobs, nodePools: [gpu], overrides: {nodePools: [gpus, core, gpu, gpu]}}",
		`policy.yaml:13: spec.roles[1].overrides.nodePools[0]: "gpus" is not one of spec.nodePools; did you mean "gpu"?
policy.yaml:13: spec.roles[1].overrides.nodePools[1]: "core" is protected, and role "jobs" does not list it in nodePools; remove it
policy.yaml:13: spec.roles[1].overrides.nodePools[3]: "gpu" is at spec.roles[1].overrides.nodePools[2] already; keep one`},
	{jobs, "{name: jobs, nodePools: [gpu], overrides: {roles: [core, other, jobs, notebook, frobnicators, builds, builds]}}",
		`policy.yaml:13: spec.roles[1].overrides.roles[0]: "core" is never given to a run; remove it
policy.yaml:13: spec.roles[1].overrides.roles[1]: "other" is never given to a run; remove it
policy.yaml:13: spec.roles[1].overrides.roles[2]: "jobs" is the role itself; remove it
policy.yaml:13: spec.roles[1].overrides.roles[3]: "notebook" is not a role of this policy; did you mean "notebooks"?
policy.yaml:13: spec.roles[1].overrides.roles[4]: "frobnicators" is not a role of this policy; accepted: "experiments", "builds", "notebooks", "tensorboards", "services", "distributed", "helpers"
policy.yaml:13: spec.roles[1].overrides.roles[6]: "builds" is at spec.roles[1].overrides.roles[5] already; keep one`},
	{jobs, "{name: jobs, nodePools: [gpu], overrides: {roles: [ops]}}\n  - {name: ops, nodePools: [gpu, core], match: {any: [{role: jobs}]}}",
		`policy.yaml:13: spec.roles[1].overrides.roles[0]: "ops" may use the protected node pool "core", which role "jobs" does not list; remove it`},
	{jobs, "{name: jobs, nodePools: [gpu], overrides: {nodeSelectorKeys: [polyaxon, '', a b, disk, disk]}}",
		`policy.yaml:13: spec.roles[1].overrides.nodeSelectorKeys[0]: "polyaxon" is the label of node pools; list the pools in overrides.nodePools instead
policy.yaml:13: spec.roles[1].overrides.nodeSelectorKeys[1]: is empty; write a label key
policy.yaml:13: spec.roles[1].overrides.nodeSelectorKeys[2]: "a b" is not a label key: at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends; a DNS domain and "/" may come before it
policy.yaml:13: spec.roles[1].overrides.nodeSelectorKeys[4]: "disk" is at spec.roles[1].overrides.nodeSelectorKeys[3] already; keep one`},
	{jobs, "{name: jobs, nodePools: [gpu], overrides: {tolerationKeys: [polyaxon, '', a b, spot, spot]}}",
		`policy.yaml:13: spec.roles[1].overrides.tolerationKeys[0]: "polyaxon" is the key of a taint of the protected node pool "core", which role "jobs" does not list; remove it
policy.yaml:13: spec.roles[1].overrides.tolerationKeys[1]: is empty; write a label key
policy.yaml:13: spec.roles[1].overrides.tolerationKeys[2]: "a b" is not a label key: at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends; a DNS domain and "/" may come before it
policy.yaml:13: spec.roles[1].overrides.tolerationKeys[4]: "spot" is at spec.roles[1].overrides.tolerationKeys[3] already; keep one`},
	{jobs, "{name: jobs, overrides: {runAsUser: {min: 2, max: 1}, runAsGroup: {min: -1, max: 5}, fsGroup: {min: 1, max: 2147483648}}}",
		`policy.yaml:13: spec.roles[1].overrides.fsGroup.max: 2147483648 is not an id from 0 to 2147483647
policy.yaml:13: spec.roles[1].overrides.runAsGroup.min: -1 is not an id from 0 to 2147483647
policy.yaml:13: spec.roles[1].overrides.runAsUser.min: 2 is above max, which is 1; no id is accepted`},
	{jobs, "{name: jobs, overrides: {runAsUser: {min: 0, max: 1999}, runAsGroup: {min: 0, max: 0}, fsGroup: {min: 0, max: 0}}}",
		`policy.yaml:13: spec.roles[1].overrides.fsGroup.min: 0 is the root group, which rule run-as-root-group refuses to role "jobs"; set it to 1 or more
policy.yaml:13: spec.roles[1].overrides.runAsGroup.min: 0 is the root group, which rule run-as-root-group refuses to role "jobs"; set it to 1 or more
policy.yaml:13: spec.roles[1].overrides.runAsUser.min: 0 is root, which podSecurity "restricted" refuses to role "jobs"; set it to 1 or more`},
	{jobs, "{name: jobs, overrides: {runAsUser: {min: '1', max: 1999}}}",
		`policy.yaml:13: spec.roles[1].overrides.runAsUser.min: "1" is text, not a whole number of 64 bits`},
	{jobs, "{name: jobs, podSecurity: baseline, identity: Keep, overrides: {runAsUser: {max: 1999}}}",
		`policy.yaml:13: spec.roles[1].overrides.runAsUser.min: 0 is root, which podSecurity "restricted" refuses to roles that fall back to "jobs"; set it to 1 or more`},
	{builds, "{name: builds, identity: Inject, overrides: {runAsUser: {max: 1999}}}",
		`policy.yaml:14: spec.roles[2].overrides.runAsUser.min: 0 is root, which spec.defaults.podSecurityContext.runAsNonRoot forbids; set it to 1 or more`},
	{"{name: core, nodePools: [core]}", "{name: core, nodePools: [core], overrides: {nodePools: [gpu]}}",
		`policy.yaml:12: spec.roles[0].overrides: are for the runs of users; role "core" takes none, remove them`},
	{"{name: other}", "{name: other, overrides: {}}",
		`policy.yaml:15: spec.roles[3].overrides: are for the runs of users; role "other" takes none, remove them`},
	{jobs, "{name: jobs, nodePools: [gpu], overrides: {nodePools: ['*', gpu], roles: [jobs, '*']}}",
		`policy.yaml:13: spec.roles[1].overrides.nodePools[0]: "*" stands for all of them; remove the others, or this
policy.yaml:13: spec.roles[1].overrides.roles[1]: "*" stands for all of them; remove the others, or this`},
	{"  roles:\n", "  defaults: {overrides: {nodePools: [core, gpus], roles: [core, ops, job], nodeSelectorKeys: [polyaxon], tolerationKeys: [polyaxon]}}\n" +
		"  roles:\n  - {name: ops, nodePools: [gpu, core], match: {any: [{role: jobs}]}}\n",
		`policy.yaml:11: spec.defaults.overrides.nodePools[0]: "core" is protected, and not all roles list it in nodePools; write it into the overrides of those that do
policy.yaml:11: spec.defaults.overrides.nodePools[1]: "gpus" is not one of spec.nodePools; did you mean "gpu"?
policy.yaml:11: spec.defaults.overrides.nodeSelectorKeys[0]: "polyaxon" is the label of node pools; list the pools in overrides.nodePools instead
policy.yaml:11: spec.defaults.overrides.roles[0]: "core" is never given to a run; remove it
policy.yaml:11: spec.defaults.overrides.roles[1]: "ops" may use the protected node pool "core", which not all roles list; write it into the overrides of those that do
policy.yaml:11: spec.defaults.overrides.roles[2]: "job" is not a role of this policy; did you mean "jobs"?
policy.yaml:11: spec.defaults.overrides.tolerationKeys[0]: "polyaxon" is the key of a taint of the protected node pool "core", which not all roles list; write it into the overrides of those that do`},
	{"  roles:\n", "  defaults: {overrides: {runAsUser: {max: 9}, runAsGroup: {max: 9}}}\n  roles:\n",
		`policy.yaml:11: spec.defaults.overrides.runAsGroup.min: 0 is the root group, which rule run-as-root-group refuses to roles that inherit it; set it to 1 or more
policy.yaml:11: spec.defaults.overrides.runAsUser.min: 0 is root, which podSecurity "restricted" refuses to roles that inherit it; set it to 1 or more`},
}
