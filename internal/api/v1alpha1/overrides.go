package v1alpha1

// Overrides are the bounds inside which the pod of one run may ask for something else than its role gives it, with an
// annotation each. What is not listed may not be asked for; core and other take no overrides. In a policy:
//
//	overrides:
//	  nodePools: [gpu]                     # polymoat.io/node-pool: gpu
//	  roles: [notebooks]                   # polymoat.io/role: notebooks
//	  nodeSelectorKeys: [disk]             # polymoat.io/node-selector: '{"disk":"ssd"}'
//	  tolerationKeys: [spot]               # polymoat.io/tolerations: '[{"key":"spot","operator":"Exists"}]'
//	  runAsUser: {min: 1000, max: 1999}    # polymoat.io/run-as-user: "1000"
//	  runAsGroup: {min: 1000, max: 1999}   # polymoat.io/run-as-group: "1000"
//	  fsGroup: {min: 1000, max: 1999}      # polymoat.io/fs-group: "1000"
type Overrides struct {
	// NodePools that may be asked for: these and no others, the role's own not either unless they are listed.
	// A protected one only if the role's own nodePools have it.
	NodePools []string `json:"nodePools,omitempty"`
	// Roles on whose node pools the pod may be placed instead. The stricter hardening of both roles holds.
	Roles []string `json:"roles,omitempty"`
	// NodeSelectorKeys are the node labels that may be asked for, with any value. Labels of node pools are not.
	NodeSelectorKeys []string `json:"nodeSelectorKeys,omitempty"`
	// TolerationKeys are the keys of taints that may be tolerated, with any value and effect.
	TolerationKeys []string `json:"tolerationKeys,omitempty"`
	// RunAsUser, RunAsGroup and FSGroup are the ids that may be asked for. Nil: none.
	RunAsUser  *IDRange `json:"runAsUser,omitempty"`
	RunAsGroup *IDRange `json:"runAsGroup,omitempty"`
	FSGroup    *IDRange `json:"fsGroup,omitempty"`
}

// IDRange are the ids from Min to Max, both included.
type IDRange struct {
	Min int64 `json:"min"`
	Max int64 `json:"max"`
}
