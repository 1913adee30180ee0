// Package v1alpha1 is the policy document: its types, defaults, strict loading and validation.
//
// A document is read with Load, which decodes strictly, fills in the defaults and validates. Callers open files:
// this package never touches the file system. The built-in policy is Default; default.yaml holds its text.
package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The one API version and kind that this package reads.
const (
	APIVersion = "polymoat.io/v1alpha1"
	Kind       = "PlacementPolicy"
)

// PlacementPolicy says where the pods of one Polyaxon installation run, and with which rights.
type PlacementPolicy struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        Metadata `json:"metadata"`
	Spec            Spec     `json:"spec"`

	// Hash is the first 12 hexadecimal digits of the SHA-256 of the text that Load read.
	Hash string `json:"-"`
	// Doubts are what Load found of a policy without mistakes that does not protect as it seems to, each with its place.
	Doubts []string `json:"-"`
}

// Metadata names a policy. Name is a DNS label, unique among the policies that are loaded together.
type Metadata struct {
	Name        string            `json:"name"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Spec is the policy of one Polyaxon installation.
type Spec struct {
	// Release is the name of Polyaxon's Helm release: its hooks and bundled dependencies carry no other mark.
	// Default: "polyaxon".
	Release string `json:"release,omitempty"`
	// Namespaces are the governed namespaces, by name. At least one; no namespace belongs to two policies.
	Namespaces []string `json:"namespaces"`
	// Requesters are the users under which Polyaxon itself creates pods, as the API server names them. What only
	// Polyaxon's own service account may do (root and the Docker socket in classic builds) is granted to them.
	// Default: "system:serviceaccount:<namespace>:<release>-polyaxon-serviceaccount" for each governed namespace.
	Requesters []string `json:"requesters,omitzero"`
	// NodeNameUsers may create pods with spec.nodeName set, besides the scheduler and the DaemonSet controller.
	// Default: nobody.
	NodeNameUsers []string `json:"nodeNameUsers,omitempty"`
	// CoreTrust says who may create and change what claims role "core", besides anyone RBAC lets "use" the
	// cluster-scoped resource roles.polymoat.io named "core".
	CoreTrust CoreTrust `json:"coreTrust,omitzero"`
	// CoreFailurePolicy says what becomes of core's own pods while polymoat does not answer: those that Polyaxon's
	// charts label, asked for by a built-in controller. Ignore lets them be created, as their workloads were judged
	// where they entered; Fail has them wait like everything else. Default: Ignore, but Fail where role "core" replaces
	// the built-in signals.
	CoreFailurePolicy FailurePolicy `json:"coreFailurePolicy,omitempty"`
	// CorePriorityClassName is a PriorityClass for core pods that name none, of a higher value than any that runs may name.
	// polymoat sets it where the cluster has it. Default: none.
	CorePriorityClassName string `json:"corePriorityClassName,omitempty"`
	// Contact says where users ask about a refusal, which ends with it: "#ml-platform". One line of at most 200 characters.
	// Default: none.
	Contact string `json:"contact,omitempty"`
	// BindingUsers are schedulers that may bind pods and nominate them for protected nodes, besides kube-scheduler.
	// Default: nobody.
	BindingUsers []string `json:"bindingUsers,omitempty"`
	// DebugUsers may add ephemeral containers to core pods (kubectl debug).
	// Default: nobody.
	DebugUsers []string `json:"debugUsers,omitempty"`
	// Defaults are the security contexts of every role that sets none itself and has identity Inject, and the overrides of
	// every role of runs that sets none itself.
	// Default: uid, gid and fsGroup 2222, runAsNonRoot, seccomp RuntimeDefault; no privilege escalation and all
	// capabilities dropped. A context that is written down takes the place of the whole default one. In roles
	// held to the restricted standard, a container with a uid and no gid is given the gid of these defaults, or 2222 where
	// they set none: group 0 would count otherwise.
	Defaults *SecurityDefaults `json:"defaults,omitempty"`
	// Images are the identities that images were made for, by their repository. The first that fits counts; those that
	// polymoat knows (polyaxon.Images) come last, and give way to a role that sets runAsUser itself. Default: none.
	Images []ImageIdentity `json:"images,omitempty"`
	// NodePools describe the nodes. At least one; no two with one label.
	NodePools []NodePool `json:"nodePools"`
	// Roles say where each kind of pod runs. A known role without an entry falls back to a related one
	// (jobs to experiments, tensorboards to services, ...).
	Roles []Role `json:"roles,omitempty"`

	// Modes say what rules do when they fire. Of the entries that fit a rule, a role and a namespace, the first counts.
	// Default: Enforce for everything.
	Modes []RuleMode `json:"modes,omitempty"`
	// Shadow names pods whose placement and hardening are worked out and recorded, but not applied: {} is all of them.
	// They are judged as if they had been, so that a rule reports what it would do; nothing but taints keeps such a pod
	// off protected nodes. Default: none.
	Shadow []Scope `json:"shadow,omitempty"`
	// Exceptions lift rules for a while, each with an owner, a reason and a last day. Default: none.
	Exceptions []Exception `json:"exceptions,omitempty"`
	// EarlyAnswers says what comes of a workload whose pods would be refused: an object with a pod template, Polyaxon's own
	// resources included. Enforce refuses it; where the pods' own mode is milder, that counts. A workload that claims
	// core is not meant: rule core-claim judges it. Default: Warn.
	EarlyAnswers Mode `json:"earlyAnswers,omitempty"`
}

// FailurePolicy says what the API server does with a request that polymoat does not answer.
type FailurePolicy string

// The two failure policies.
const (
	Ignore FailurePolicy = "Ignore" // it lets the request through
	Fail   FailurePolicy = "Fail"   // it refuses the request
)

// SecurityDefaults are what roles have in common. A field of a security context that is not set leaves the pod's field
// alone.
type SecurityDefaults struct {
	PodSecurityContext       *corev1.PodSecurityContext `json:"podSecurityContext,omitempty"`
	ContainerSecurityContext *corev1.SecurityContext    `json:"containerSecurityContext,omitempty"`
	// Home is the folder that HOME names in containers that set none, where polymoat gave the uid and the image has no home
	// for it: a uid that the image does not know gets "/", which it may not write. USER is set to polyaxon beside it.
	// Default: none is set. Anybody may write /tmp.
	Home string `json:"home,omitempty"`
	// Overrides are the bounds inside which one pod of a run may ask for something else; a role's own take their place.
	// Default: none may.
	Overrides *Overrides `json:"overrides,omitempty"`
}

// NodePool describes nodes by one label and by their taints. Everything else about such a node is free.
type NodePool struct {
	Name string `json:"name"`
	// NodeLabel is the label that every node of the pool carries, and no other node.
	NodeLabel NodeLabel `json:"nodeLabel"`
	// Taints are the taints that every node of the pool carries.
	Taints []corev1.Taint `json:"taints,omitempty"`
	// Protected pools take only pods of roles that name them.
	Protected bool `json:"protected,omitempty"`
	// Resources are extended resources that the pool's nodes are for: "nvidia.com/gpu". A pod that requests one of them is
	// placed on the first pool of its role that lists all of those it requests. One that requests none is placed on
	// another pool of its role, if there is one, unless it asks for this one by its label.
	Resources []string `json:"resources,omitempty"`
	// Autoscaled pools get nodes when pods wait for them. Whoever creates a pod that no node takes yet reads that one will be
	// started, if a node with the label and the taints of the pool would take it. It decides nothing. Default: false.
	Autoscaled bool `json:"autoscaled,omitempty"`
}

// NodeLabel is a node label: key and value. A value may be empty, and then means just that: a node without the label is
// another one.
type NodeLabel struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Role says where pods of one role run, and with which rights.
type Role struct {
	// Name is one of KnownRoles, or a name of the administrator's own (which then needs Match).
	Name string `json:"name"`
	// NodePools that the role may run on. The first is the default; any listed one may be asked for.
	// Empty: the pod is not placed, only kept off protected pools.
	NodePools []string `json:"nodePools,omitempty"`
	// NodeSelector is merged into the pod's; a key that the pod sets itself is left as it is.
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`
	// Tolerations are added to the pod's, besides those for the pool's taints.
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`
	// Affinity is added to the pod's; required node terms are ANDed into every term of the pod.
	Affinity *corev1.Affinity `json:"affinity,omitempty"`

	// PodSecurity is the Pod Security Standard that pods of the role are held to.
	// Default: Privileged for core, Baseline for builds and other, Restricted for everything else.
	PodSecurity PodSecurity `json:"podSecurity,omitempty"`
	// Identity says whether spec.defaults reach pods of the role. Default: Keep for core, builds and other, Inject else.
	Identity Identity `json:"identity,omitempty"`
	// PodSecurityContext and ContainerSecurityContext take the place of spec.defaults, field by field.
	PodSecurityContext       *corev1.PodSecurityContext `json:"podSecurityContext,omitempty"`
	ContainerSecurityContext *corev1.SecurityContext    `json:"containerSecurityContext,omitempty"`
	// RootImages are image repositories, registry included, whose containers may run as root (not privileged) whoever
	// asks for them: "gcr.io/kaniko-project/executor". Default for builds that are not restricted: BuilderImages; an
	// empty list allows none.
	RootImages []string `json:"rootImages,omitzero"`
	// HostPaths are paths on the node that pods of the role may mount although PodSecurity forbids it.
	// Default for runs: where Polyaxon's charts keep artifacts on the node (/tmp/artifactsStore, /tmp/outputs and
	// /tmp/data), for anyone; for builds that are not restricted also the Docker socket, for Polyaxon's own requester.
	// An empty list allows none.
	HostPaths []HostPath `json:"hostPaths,omitzero"`

	// SchedulerNames, RuntimeClassNames and PriorityClassNames are the values that pods of the role may set. Nil leaves
	// the field free; an empty list refuses every value but the API server's own default ("default-scheduler"; none; none).
	SchedulerNames     []string `json:"schedulerNames,omitzero"`
	RuntimeClassNames  []string `json:"runtimeClassNames,omitzero"`
	PriorityClassNames []string `json:"priorityClassNames,omitzero"`
	// SchedulingGroups says whether pods of the role may be of a group (spec.schedulingGroup) that core is not known to
	// outrank. Empty: Refuse.
	SchedulingGroups SchedulingGroups `json:"schedulingGroups,omitempty"`

	// OnConflict says what happens to a pod that asks for a pool which the role may not have.
	// Default: Replace for helpers, Refuse for everything else.
	OnConflict OnConflict `json:"onConflict,omitempty"`
	// Match extends or replaces the signals by which pods are given this role.
	Match *Match `json:"match,omitempty"`
	// Overrides are the bounds inside which one pod may ask for something else. Default: those of spec.defaults; {} accepts
	// none.
	Overrides *Overrides `json:"overrides,omitempty"`
}

// HostPath is a path on the node, and who may mount it.
type HostPath struct {
	// Path is absolute. Pods may write it in a longer form: "/data/" and "//data" are "/data".
	Path string `json:"path"`
	// From is Requester (the default) or Anyone.
	From HostPathFrom `json:"from,omitempty"`
	// SubPaths says whether pods may mount what is below the path, too. Whoever may write there can make a symlink in it
	// that leads anywhere on the node. Default: false.
	SubPaths bool `json:"subPaths,omitempty"`
}

// HostPathFrom says whose pods may mount a host path.
type HostPathFrom string

// Who may mount a host path.
const (
	FromRequester HostPathFrom = "Requester" // Polyaxon's own service account, spec.requesters
	FromAnyone    HostPathFrom = "Anyone"    // every pod of the role
)

// PodSecurity is a level of the Pod Security Standards.
type PodSecurity string

// The levels, from the loosest to the strictest.
const (
	Privileged PodSecurity = "privileged"
	Baseline   PodSecurity = "baseline"
	Restricted PodSecurity = "restricted"
)

// Identity says whether the policy's default security contexts reach the pods of a role.
type Identity string

// The two identities.
const (
	Inject Identity = "Inject" // spec.defaults fill in what the pod and the role leave open
	Keep   Identity = "Keep"   // only what the role itself sets is filled in
)

// OnConflict says what happens to a pod that asks for a pool which its role may not have.
type OnConflict string

// The two answers to a conflict.
const (
	Refuse  OnConflict = "Refuse"  // the pod is refused
	Replace OnConflict = "Replace" // the pod is moved to the role's default pool
)

// SchedulingGroups says what becomes of pods of a group that core is not known to outrank.
type SchedulingGroups string

// The two answers to such a pod.
const (
	RefuseGroups SchedulingGroups = "Refuse" // the pod is refused
	AllowGroups  SchedulingGroups = "Allow"  // it is let through, unless a field of its own could displace core
)

// Match is a list of signals; one that holds gives the pod the role.
type Match struct {
	// Mode is Extend (the default: the built-in signals still count) or Replace.
	Mode MatchMode `json:"mode,omitempty"`
	Any  []Signal  `json:"any"`
}

// MatchMode says what becomes of the built-in signals.
type MatchMode string

// The two modes.
const (
	Extend        MatchMode = "Extend"
	ReplaceSignal MatchMode = "Replace"
)

// Signal is what a pod must show; all fields that are set must hold. Image, Command, Arg and InitContainer look at
// Polyaxon's main container only, and only at pods that Polyaxon's labels identify as runs; a signal without labels and
// annotations never classifies any other pod.
type Signal struct {
	// Labels that the pod carries, with exactly these values.
	Labels map[string]string `json:"labels,omitempty"`
	// Annotations that the pod carries, with exactly these values: "operation.polyaxon.com/project". They count as labels
	// do, but not for role core.
	Annotations map[string]string `json:"annotations,omitempty"`
	// Role by Polyaxon's own labels, before content is looked at: "jobs", "services", ...
	Role string `json:"role,omitempty"`
	// Image is a repository's last path segments: "kaniko-project/executor" holds for any registry; "jupyter/*" for
	// every repository below jupyter.
	Image string `json:"image,omitempty"`
	// Command holds when the container's program (the first word of command, or of args where a wrapper took the
	// command's place, or of the shell line after "sh -c") has this base name: "tensorboard".
	Command string `json:"command,omitempty"`
	// Arg holds when any argument begins with it: "--logdir".
	Arg string `json:"arg,omitempty"`
	// InitContainer holds when an init container's name begins with it: "polyaxon-init-tb-".
	InitContainer string `json:"initContainer,omitempty"`
}

// The roles that polymoat knows how to tell.
const (
	RoleCore         = "core"
	RoleExperiments  = "experiments"
	RoleJobs         = "jobs"
	RoleBuilds       = "builds"
	RoleNotebooks    = "notebooks"
	RoleTensorboards = "tensorboards"
	RoleServices     = "services"
	RoleDistributed  = "distributed"
	RoleHelpers      = "helpers"
	RoleOther        = "other" // any other pod in a governed namespace
)

// KnownRoles are the roles that polymoat knows how to tell, in the order of the documentation.
var KnownRoles = []string{
	RoleCore, RoleExperiments, RoleJobs, RoleBuilds, RoleNotebooks, RoleTensorboards, RoleServices, RoleDistributed,
	RoleHelpers, RoleOther,
}
