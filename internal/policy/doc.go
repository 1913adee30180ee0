// Package policy is the decision, and nothing but the decision: a function of policy, request and facts.
//
//	Request ─▶ resolve (role.go)       which installation, which role, and why
//	              │                      marks, then content; whose hardening applies (trust.go)
//	              ├─▶ Mutate            the pod as it should be stored
//	              │     place.go         node pool, nodeSelector, tolerations
//	              │     affinity.go      the role's affinity, ANDed into every term
//	              │     seal.go          kept off protected pools where it could still land
//	              │     harden.go        security contexts, nil fields only
//	              │                      of an update only ephemeral containers that are added
//	              └─▶ Validate          the pod as it is, whoever wrote it
//	                    override.go      annotations that are not understood: invalid
//	                    rules.go         every rule of one literal list, one file each
//
//	BindingRequest ─▶ ValidateBinding (rule_binding.go)    who binds pods, to which node
//
// Nothing here reads a clock, a context, a logger, a file or the network. What a rule needs to know of the cluster
// (who asks, the node that is named) is a field of Request. Validate never trusts that Mutate ran.
package policy
