// Package policy is the decision, and nothing but the decision: a function of policy, request and facts.
//
//	Request ─▶ resolve (role.go)       which installation, which role, and why
//	              │                      marks, then content; whose hardening applies (trust.go);
//	              │     override.go      what the pod, or the resource that it was made of, asks for
//	              │                      itself (internal/override)
//	              ├─▶ Mutate            the pod as it should be stored
//	              │     place.go         node pool, nodeSelector, tolerations
//	              │     affinity.go      the role's affinity, ANDed into every term
//	              │     seal.go          kept off protected pools where it could still land
//	              │     harden.go        security contexts, nil fields only
//	              │                      of an update only ephemeral containers that are added
//	              └─▶ Validate          the pod as it is, whoever wrote it
//	                    override.go      overrides that are malformed or out of bounds: invalid
//	                    rules.go         every rule of one literal list, one file each
//	                    coretrust.go     who may claim core
//	                    modes.go         what comes of each violation: modes, exceptions
//	                    unschedulable.go a warning where no live node takes the pod (internal/unschedulable)
//	ValidateWorkload ─▶ workload.go     what pod templates claim, where they enter
//	                    predict.go       what will become of their pods, in the same words
//
//	BindingRequest ─▶ ValidateBinding (rule_binding.go)    who binds pods
//
// Nothing here reads a clock, a context, a logger, a file or the network. What a rule needs to know of the cluster
// (who asks, the nodes, the pod's owner, the day) is a field of Request. Validate never trusts that Mutate ran.
package policy
