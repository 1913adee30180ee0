// Package audit judges what is there already: pods that run, whoever let them in, and what else of a cluster opens a
// protected node pool. It is handed one object after the other, and keeps of each what later ones are held against, so
// that its memory grows with the findings and the nodes, and not with the pods.
//
// It decides with the policy and the functions of landing, and reads nothing itself: the plugin lists a cluster for it,
// the server watches one.
package audit

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/template"
)

// Auditor holds objects of a cluster against policies. It is immutable and safe for concurrent use.
type Auditor struct {
	// Core tells which workloads of a namespace are core; nil where that is not known. It is set before the first pod is judged.
	Core func(namespace string) []policy.CoreWorkload

	policy *policy.Policy
	pools  []pool
	// governed are the namespaces of all policies.
	governed []string
}

// pool is a node pool and the policy that describes it.
type pool struct {
	landing.Pool
	policy    string
	protected bool
}

// New prepares to audit. files are the documents that p was compiled of.
func New(p *policy.Policy, files []v1alpha1.File) *Auditor {
	a := &Auditor{policy: p, governed: p.Namespaces()}
	for _, f := range files {
		for _, n := range f.Policy.Spec.NodePools {
			described := landing.Pool{Name: n.Name, Key: n.NodeLabel.Key, Value: n.NodeLabel.Value, Taints: n.Taints}
			a.pools = append(a.pools, pool{described, f.Policy.Metadata.Name, n.Protected})
		}
	}
	return a
}

// AuditedPod is what is kept of a pod that runs.
type AuditedPod struct {
	Namespace, Name string
	UID             types.UID
	Controller      *metav1.OwnerReference // of what it is a part, if of anything
	Node            string                 // on which it runs; empty where it waits for one
	Ending          bool                   // it was deleted, and is about to go
	Policy, Role    string
	Findings        []Finding // those that tell nothing of the node

	inspection policy.Inspection
	priority   int32
	everywhere bool // it belongs on every node, core's included
}

// Pod judges a pod of a governed namespace: nil for one that the policy does not look at. named is the node of
// spec.nodeName, nil where it is not known. The pod is not modified, and nothing of it is kept.
func (a *Auditor) Pod(pod *corev1.Pod, named *landing.Node, today v1alpha1.Day) *AuditedPod {
	born := *pod
	if !template.NamedItsNode(pod.ManagedFields) {
		born.Spec.NodeName, named = "", nil
	}
	creator := template.CreatorOf(pod.OwnerReferences)
	var core []policy.CoreWorkload
	if a.Core != nil {
		core = a.Core(pod.Namespace)
	}
	s := a.policy.Inspect(policy.Request{
		Namespace: pod.Namespace, User: policy.UserNamed(creator), Pod: &born, Node: named, Core: core, Today: today,
	})
	if s.Policy == "" {
		return nil
	}
	r := Ungoverned(pod)
	r.Policy, r.Role = s.Policy, s.Role
	r.Findings = append(a.violations(s, r, creator), r.inCorePlace(pod, s)...)
	s.Violations, r.inspection = nil, s
	return r
}

// Ungoverned is what is kept of a pod that no policy looks at. It has no findings of its own.
func Ungoverned(pod *corev1.Pod) *AuditedPod {
	return &AuditedPod{
		Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID, Controller: template.ControllerOf(pod),
		Node: pod.Spec.NodeName, Ending: pod.DeletionTimestamp != nil,
		priority: ptr.Deref(pod.Spec.Priority, 0), everywhere: template.RunsEverywhere(pod),
	}
}

// On are all findings about a pod that runs on a node; those that tell nothing of its node where that is not known.
func (r *AuditedPod) On(n landing.Node) []Finding {
	if p, barred := r.inspection.Barred(n); barred {
		f := r.finding(PodOnProtectedNode)
		f.NodePool, f.Detail = p.Name, onForbiddenNode(n, p, r.Role)
		f.Fix = "have its owner create it again, which polymoat sends elsewhere, or delete it"
		return append([]Finding{f}, r.Findings...)
	}
	if r.runsOutside(n) {
		f := r.finding(PodOfCoreOutside)
		f.Detail = fmt.Sprintf("runs on node %q, which is in no node pool of role %q", n.Name, r.Role)
		f.Fix = "delete it: its owner creates it again, and polymoat places it"
		return append([]Finding{f}, r.Findings...)
	}
	return r.Findings
}

// runsOutside says whether a pod of core runs outside its node pools. One that only claims core is another finding, and
// DaemonSets run everywhere.
func (r *AuditedPod) runsOutside(n landing.Node) bool {
	return r.Role == v1alpha1.RoleCore && n.Name != "" && r.inspection.Outside(n) && !r.has(PodClaimsCore) &&
		(r.Controller == nil || r.Controller.Kind != "DaemonSet")
}

func (r *AuditedPod) has(kind Kind) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Kind == kind })
}

// finding begins one about the pod.
func (r *AuditedPod) finding(kind Kind) Finding {
	return Finding{Kind: kind, Policy: r.Policy, Namespace: r.Namespace, Object: "pod/" + r.Name, Role: r.Role, Node: r.Node}
}

// kindOf are the rules whose violations are findings. Others say what a pod should look like, and nothing of where it
// could run: preview lists them.
var kindOf = map[string]Kind{"core-nodes": PodMayReach, "run-as-root": PodRunsAsRoot, "core-claim": PodClaimsCore}

// violations are the findings that the pod's own rules come to, one for each kind: a pod with hundreds of containers
// violates a rule in each.
func (a *Auditor) violations(s policy.Inspection, r *AuditedPod, creator string) []Finding {
	var found []Finding
	for _, v := range s.Violations {
		kind, ok := kindOf[v.Rule]
		if !ok || len(found) > 0 && found[len(found)-1].Kind == kind {
			continue
		}
		f := r.finding(kind)
		f.Rule, f.Detail, f.Fix, f.Witness = v.Rule, v.Field.String()+" "+v.Proven(), v.Fix, v.Witness
		if kind == PodClaimsCore && len(s.Places) > 0 {
			continue // told as a place
		}
		if kind == PodClaimsCore && creator == "" {
			f.Detail, f.Fix = unknownClaim(s.Why)
		}
		if v.Witness != nil {
			f.NodePool = a.poolOf(*v.Witness)
		}
		found = append(found, f)
	}
	return found
}

// poolOf is the name of the protected pool that a node belongs to.
func (a *Auditor) poolOf(n landing.Node) string {
	for _, p := range a.pools {
		if p.protected && p.has(n) {
			return p.Name
		}
	}
	return ""
}

// Pool is a node pool as metrics name it.
type Pool struct{ Policy, Name string }

// PoolsOf are the pools that a node belongs to, protected or not: mostly one, or none.
func (a *Auditor) PoolsOf(n landing.Node) []Pool {
	var pools []Pool
	for _, p := range a.pools {
		if p.has(n) {
			pools = append(pools, Pool{p.policy, p.Name})
		}
	}
	return pools
}

// Pools are all pools of all policies.
func (a *Auditor) Pools() []Pool {
	var pools []Pool
	for _, p := range a.pools {
		pools = append(pools, Pool{p.policy, p.Name})
	}
	return pools
}

func (p pool) has(n landing.Node) bool {
	value, ok := n.Labels[p.Key]
	return ok && value == p.Value
}
