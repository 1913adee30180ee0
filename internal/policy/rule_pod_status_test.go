package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
)

// coreRunning is a core pod on core-1, which runs.
func coreRunning() *corev1.Pod {
	pod := coreMarks["the label of 1.1.1 and later"].pod()
	pod.Spec.NodeName = "core-1"
	pod.Status = corev1.PodStatus{
		Phase: corev1.PodRunning, HostIP: "10.0.0.1", PodIP: "10.1.0.1", PodIPs: []corev1.PodIP{{IP: "10.1.0.1"}},
		Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
	}
	return pod
}

// setCondition changes the condition of the type, or adds it.
func setCondition(s *corev1.PodStatus, of corev1.PodConditionType) {
	for i := range s.Conditions {
		if s.Conditions[i].Type == of {
			s.Conditions[i].Status = corev1.ConditionFalse
			return
		}
	}
	s.Conditions = append(s.Conditions, corev1.PodCondition{Type: of, Status: corev1.ConditionFalse})
}

// TestStatusOfCorePods: field by field, what of a core pod's status is not everybody's.
func TestStatusOfCorePods(t *testing.T) {
	p := compile(t, v1alpha1.Default())
	const rest = ` of a pod of role "core", which user "tenant" is not trusted with; leave it to the node's kubelet, ` +
		`or have one of group "system:masters" or anyone who may "use" roles.polymoat.io "core" change it`
	large := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("64")}
	for change, tc := range map[string]struct {
		do   func(*corev1.PodStatus)
		want string
	}{
		"nothing":               {func(*corev1.PodStatus) {}, ""},
		"the phase":             {func(s *corev1.PodStatus) { s.Phase = corev1.PodFailed }, "phase"},
		"the node's address":    {func(s *corev1.PodStatus) { s.HostIP = "10.0.0.2" }, "hostIP"},
		"the node's addresses":  {func(s *corev1.PodStatus) { s.HostIPs = []corev1.HostIP{{IP: "10.0.0.2"}} }, "hostIPs"},
		"no address":            {func(s *corev1.PodStatus) { s.PodIP, s.PodIPs = "", nil }, "podIP, podIPs"},
		"another address":       {func(s *corev1.PodStatus) { s.PodIPs = append(s.PodIPs, corev1.PodIP{IP: "10.9.9.9"}) }, "podIPs"},
		"Ready":                 {func(s *corev1.PodStatus) { setCondition(s, corev1.PodReady) }, "conditions[Ready]"},
		"no condition":          {func(s *corev1.PodStatus) { s.Conditions = nil }, "conditions[Ready]"},
		"ContainersReady":       {func(s *corev1.PodStatus) { setCondition(s, corev1.ContainersReady) }, "conditions[ContainersReady]"},
		"Initialized":           {func(s *corev1.PodStatus) { setCondition(s, corev1.PodInitialized) }, "conditions[Initialized]"},
		"PodScheduled":          {func(s *corev1.PodStatus) { setCondition(s, corev1.PodScheduled) }, "conditions[PodScheduled]"},
		"the pod's resources":   {func(s *corev1.PodStatus) { s.AllocatedResources = large }, "allocatedResources"},
		"what the pod may have": {func(s *corev1.PodStatus) { s.Resources = &corev1.ResourceRequirements{Requests: large} }, "resources"},
		"a container": {func(s *corev1.PodStatus) {
			s.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", AllocatedResources: large}}
		}, "containerStatuses"},
		"an init container": {func(s *corev1.PodStatus) {
			s.InitContainerStatuses = []corev1.ContainerStatus{{Name: "main", AllocatedResources: large}}
		}, "initContainerStatuses"},
		"a readiness gate":      {func(s *corev1.PodStatus) { setCondition(s, "example.com/gate") }, ""},
		"DisruptionTarget":      {func(s *corev1.PodStatus) { setCondition(s, corev1.DisruptionTarget) }, ""},
		"a message":             {func(s *corev1.PodStatus) { s.Message, s.Reason = "a", "b" }, ""},
		"a claim":               {func(s *corev1.PodStatus) { s.ResourceClaimStatuses = []corev1.PodResourceClaimStatus{{Name: "gpu"}} }, ""},
		"the conditions' order": {func(s *corev1.PodStatus) { s.Conditions = append([]corev1.PodCondition{{Type: "a"}}, s.Conditions...) }, ""},
	} {
		t.Run(change, func(t *testing.T) {
			r := policy.Request{Namespace: "polyaxon", User: policy.UserInfo{Name: "tenant"}, Pod: coreRunning(), Old: coreRunning()}
			tc.do(&r.Pod.Status)
			want := ""
			if tc.want != "" {
				want = `pods "a" of role "core": status changes ` + tc.want + rest + ` [pod-status]`
			}
			d := p.Validate(r)
			if diff := cmp.Diff(want, d.Sentence("a")); diff != "" {
				t.Errorf("sentence (-want +got):\n%s", diff)
			}
			if d.ClaimsCore() != (want != "") {
				t.Error("RBAC is not asked, or in vain")
			}
			r.Trust = policy.Trusted
			if d := p.Validate(r); d.Verdict != policy.Allowed {
				t.Errorf("refused to whoever RBAC trusts: %s", d.Sentence("a"))
			}
			r.Trust, r.Pod.Labels, r.Old.Labels = policy.NotTrusted, job().Labels, job().Labels
			if d := p.Validate(r); d.Verdict == policy.Denied && d.Violations[0].Rule == "pod-status" {
				t.Errorf("refused in a run: %s", d.Sentence("a"))
			}
		})
	}
}

// TestWhoWritesTheStatusOfCorePods: the kubelet of its node, the scheduler, some controllers, and those trusted with core.
func TestWhoWritesTheStatusOfCorePods(t *testing.T) {
	p := earning(t)
	for who, tc := range map[string]struct {
		user   string
		groups []string
		want   bool
	}{
		"the kubelet of its node":       {"system:node:core-1", []string{"system:nodes"}, true},
		"a user who is called like it":  {"system:node:core-1", nil, false},
		"the kubelet of another node":   {"system:node:builds-1", []string{"system:nodes"}, false},
		"the scheduler":                 {scheduler, nil, true},
		"node-controller":               {kube + "node-controller", nil, true},
		"pod-garbage-collector":         {kube + "pod-garbage-collector", nil, true},
		"disruption-controller":         {kube + "disruption-controller", nil, true},
		"resource-claim-controller":     {kube + "resource-claim-controller", nil, true},
		"device taints":                 {kube + "device-taint-eviction-controller", nil, true},
		"all controllers as one":        {"system:kube-controller-manager", nil, true},
		"a controller of workloads":     {kube + "replicaset-controller", nil, false},
		"its name in another namespace": {"system:serviceaccount:polyaxon:node-controller", nil, false},
		"a named user":                  {"ops", nil, true},
		"an administrator":              {"admin", []string{"system:masters"}, true},
		"a tenant":                      {"tenant", nil, false},
	} {
		for name, relabel := range map[string]func(*corev1.Pod){
			"":                           func(*corev1.Pod) {},
			", and takes its labels off": func(p *corev1.Pod) { p.Labels = nil },
		} {
			t.Run(who+name, func(t *testing.T) {
				r := policy.Request{Namespace: "polyaxon", User: policy.UserInfo{Name: tc.user, Groups: tc.groups}, Pod: coreRunning(), Old: coreRunning()}
				r.Pod.Status.Phase = corev1.PodFailed
				relabel(r.Pod)
				if got := !p.Validate(r).ClaimsCore(); got != tc.want {
					t.Errorf("allowed %v, want %v", got, tc.want)
				}
			})
		}
	}
}

// TestBorrowedStatus: a run with core's marks beside its own is behind core's Services, too.
func TestBorrowedStatus(t *testing.T) {
	pod := job()
	pod.Labels["type"] = "polyaxon-core"
	r := policy.Request{Namespace: "polyaxon", User: policy.UserInfo{Name: "tenant"}, Pod: pod, Old: pod.DeepCopy()}
	r.Pod.Status.PodIP = "10.9.9.9"
	if d := compile(t, v1alpha1.Default()).Validate(r); !d.ClaimsCore() {
		t.Errorf("got %s: %s", d.Verdict, d.Sentence("a"))
	}
}

func TestNominations(t *testing.T) {
	p := compile(t, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) { d.Spec.BindingUsers = []string{"volcano"} })
	core := &landing.Node{Name: "n1", Labels: map[string]string{"polyaxon": "core"}}
	free := &landing.Node{Name: "n1", Labels: map[string]string{"polyaxon": "experiments"}}
	const fix = ", and keeps room there that core pods may need; leave it to the scheduler, or have the user listed in the policy's bindingUsers [pod-status]"
	const denied = `pods "a" of role "jobs": status.nominatedNodeName is "n1", `
	const unknown = denied + "which is not known and may be a protected node" + fix
	for name, tc := range map[string]struct {
		user, old, nominated string
		node                 *landing.Node
		want                 string
	}{
		"a user, a core node":                        {"tenant", "", "n1", core, denied + "a protected node (labelled polyaxon=core)" + fix},
		"a user, another core node":                  {"tenant", "n0", "n1", core, denied + "a protected node (labelled polyaxon=core)" + fix},
		"a user, an unknown node":                    {"tenant", "", "n1", nil, unknown},
		"a user, the facts of another node":          {"tenant", "", "n1", &landing.Node{Name: "n2"}, unknown},
		"a user, a free node":                        {"tenant", "", "n1", free, ""},
		"a user, who clears it":                      {"tenant", "n1", "", nil, ""},
		"a user, who leaves it":                      {"tenant", "n1", "n1", core, ""},
		"the scheduler":                              {scheduler, "", "n1", core, ""},
		"a trusted scheduler, an unknown node":       {"volcano", "", "n1", nil, ""},
		"a controller that writes other fields":      {kube + "node-controller", "", "n1", nil, unknown},
		"a user who is called nearly like a trusted": {"volcano2", "", "n1", nil, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			placed := func() *corev1.Pod { return p.Mutate(policy.Request{Namespace: "polyaxon", Pod: job()}).Pod.DeepCopy() }
			r := policy.Request{Namespace: "polyaxon", User: policy.UserInfo{Name: tc.user}, Pod: placed(), Old: placed(), Nominated: tc.node}
			r.Pod.Status.NominatedNodeName, r.Old.Status.NominatedNodeName = tc.nominated, tc.old
			if diff := cmp.Diff(tc.want, p.Validate(r).Sentence("a")); diff != "" {
				t.Errorf("sentence (-want +got):\n%s", diff)
			}
			r.Old = nil
			if d := p.Validate(r); d.Verdict != policy.Allowed {
				t.Errorf("at creation, which clears the status: %s", d.Sentence("a"))
			}
		})
	}
}
