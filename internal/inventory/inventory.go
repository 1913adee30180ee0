// Package inventory drafts policies from what a cluster has: its nodes, what its autoscaler would start, the
// installations of Polyaxon in it. It judges what it is handed; callers read clusters and files.
//
// A draft is the text of a policy. Comments say what was found, and mark with "assumed" what was not.
package inventory

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Cluster is what is known of a cluster. Everything may be missing.
type Cluster struct {
	Nodes []corev1.Node
	// NodePools are Karpenter's: the nodes that it would start.
	NodePools []NodePool
	// Workloads are the Deployments and StatefulSets of all namespaces.
	Workloads       []metav1.ObjectMeta
	Namespaces      []metav1.ObjectMeta
	PriorityClasses []string // by name
}

// NodePool is one of Karpenter's.
type NodePool struct {
	Name   string
	Labels map[string]string // of its nodes
	Taints []corev1.Taint
}

// Wishes are what somebody says of a cluster. Every field may be empty: then the cluster says it, or an assumption.
type Wishes struct {
	Release    string
	Namespaces []string
	PoolLabel  string // the key of the label by which pools are told: "workload"
	Core       string // its value on the nodes of Polyaxon itself: "system"
}

// controlPlane are the labels of nodes that are no place for runs or for Polyaxon.
var controlPlane = []string{"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"}

// member is a node, or one that would be started.
type member struct {
	labels    map[string]string
	taints    []corev1.Taint
	resources []string // extended ones, sorted
	live      bool
}
