package audit

import (
	"fmt"

	"github.com/polymoat/polymoat/internal/landing"
)

// Kind is what a finding is about. Kinds are permanent: metrics and programs name them.
type Kind string

// The kinds.
const (
	PodOnProtectedNode Kind = "pod-on-protected-node"
	PodOfCoreOutside   Kind = "pod-of-core-outside-its-pool"
	PodMayReach        Kind = "pod-may-reach-protected-node"
	PodClaimsCore      Kind = "pod-claims-core"
	PodInCorePlace     Kind = "pod-in-core-place"
	PodRunsAsRoot      Kind = "pod-runs-as-root"
	PodBelowCore       Kind = "pod-below-core"
	NodeWithoutTaint   Kind = "node-without-taint"
	NodeWithoutLabel   Kind = "node-without-label"
	NodeInTwoPools     Kind = "node-in-two-pools"
	RuntimeClassOpens  Kind = "runtime-class-opens-pool"
	RightAround        Kind = "right-around-polymoat"
)

// Kinds are all kinds, in the order in which they are told. Doc continues the words "the finding is", Heading stands
// over the findings of a kind.
var Kinds = []struct {
	Kind
	Doc, Heading string
}{
	{PodOnProtectedNode, "a pod that runs on a node of a protected pool where its role may not be", "Run on a protected node"},
	{PodOfCoreOutside, "a pod of core that runs on a node of none of core's pools, beside runs; DaemonSets aside", "Core outside its node pool"},
	{PodMayReach, "a pod that the scheduler could bind to a protected node when it is created again as it is; with such a node",
		"Could run on a protected node"},
	{PodClaimsCore, "a pod that claims core, and that no built-in controller made: it is not known whether its creator was trusted",
		"Claim core"},
	{PodInCorePlace, "a pod that is not core, and that core's Services or controllers take for one of theirs by its labels or have " +
		"taken already", "Stand where core's pods do"},
	{PodRunsAsRoot, "a pod that runs as root, or as the user that its image names, in a role held to the restricted standard", "Run as root"},
	{PodBelowCore, "a pod that runs beside core on a node of a protected pool, and whose priority is below that of every core pod: " +
		"the scheduler may evict it for core. DaemonSets, static pods and polymoat aside; the server looks at governed namespaces only", "Run beside core with a lower priority"},
	{NodeWithoutTaint, "a node with the label of a protected pool, and not all of its taints", "Lack a taint of their pool"},
	{NodeWithoutLabel, "a node with the taints of a protected pool, and not its label: polymoat keeps nobody off", "Lack the label of their pool"},
	{NodeInTwoPools, "a node with the labels of a protected pool and of another, whose runs are sent there", "Belong to two pools"},
	{RuntimeClassOpens, "a RuntimeClass whose `scheduling` lets pods onto a protected pool", "Open a protected pool to every pod that names them"},
	{RightAround, "a ClusterRoleBinding that gives service accounts of a governed namespace, or everybody, a right with which " +
		"polymoat can be passed by: on nodes, webhooks, RBAC, impersonation, kubelets, or core", "Lead around polymoat"},
}

// Finding is one thing that is not as the policy means it. Its fields are a promise to programs: they are only ever
// added to.
type Finding struct {
	Kind      Kind   `json:"kind"`
	Policy    string `json:"policy,omitempty"` // empty where it concerns all
	Namespace string `json:"namespace,omitempty"`
	Object    string `json:"object"` // as kubectl names it: "pod/train", "node/core-1"
	Role      string `json:"role,omitempty"`
	Node      string `json:"node,omitempty"`     // on which the pod runs
	NodePool  string `json:"nodePool,omitempty"` // the protected one
	Rule      string `json:"rule,omitempty"`
	// Detail continues the object into a sentence, Fix says what to do.
	Detail string `json:"detail"`
	Fix    string `json:"fix"`
	// Witness is a protected node on which the pod would run.
	Witness *landing.Node `json:"witness,omitempty"`
}

func onForbiddenNode(n landing.Node, p landing.Pool, role string) string {
	return fmt.Sprintf("runs on node %q, labelled %s=%s, where role %q may not be", n.Name, p.Key, p.Value, role)
}

func unknownClaim(why string) (detail, fix string) {
	return fmt.Sprintf("claims role %q (%s), and no built-in controller made it", "core", why),
		"find out who created it; if nobody of Polyaxon did, delete it"
}
