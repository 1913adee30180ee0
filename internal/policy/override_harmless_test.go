package policy_test

import (
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/corpus"
	"github.com/polymoat/polymoat/internal/policy"
)

// placing are the rules that judge where a pod runs: what an override is for. All others judge what it may do there.
var placing = []string{"node-pool"}

// TestOverridesFreeOfNothing: whatever the pods of the corpus ask for, every rule that refused them before refuses them
// still, and what they are given is as strict. So no role is a way to another one's exceptions: to the root of builders,
// their paths on the node, a PriorityClass, core.
func TestOverridesFreeOfNothing(t *testing.T) {
	builtin, own := compile(t, v1alpha1.Default()), compile(t, generous())
	compared := 0
	all, err := corpus.Cases()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range all {
		r, err := tc.Request()
		if err != nil {
			t.Fatal(err)
		}
		if r.Old != nil || tc.PolicyName != corpus.DefaultPolicy {
			continue
		}
		for name, p := range map[string]*policy.Policy{"built-in": builtin, "generous": own} {
			for _, ask := range asksOfAll() {
				asking := r
				asking.Pod = with(r.Pod, func(pod *corev1.Pod) { pod.Annotations = ask })
				compared++
				for _, rule := range freedOf(p.Validate(r), p.Validate(asking)) {
					t.Errorf("%s policy, %s with %v: no longer violates %s as it is", name, tc.Name, ask, rule)
				}
				for _, rule := range freedOf(p.Review(r), p.Review(asking)) {
					t.Errorf("%s policy, %s with %v: no longer violates %s", name, tc.Name, ask, rule)
				}
			}
		}
	}
	if compared < 1000 {
		t.Errorf("only %d pods were compared", compared)
	}
}

// freedOf are the rules that refuse the pod as it is and not with an override that is accepted. A refused override
// refuses the pod anyhow.
func freedOf(plain, asking policy.Decision) []string {
	if len(asking.Invalid) > 0 {
		return nil
	}
	still := map[string]bool{}
	for _, v := range asking.Violations {
		still[v.Rule] = true
	}
	var freed []string
	for _, v := range plain.Violations {
		if !still[v.Rule] && !slices.Contains(placing, v.Rule) && !slices.Contains(freed, v.Rule) {
			freed = append(freed, v.Rule)
		}
	}
	return freed
}

// asksOfAll are one override each, and some together.
func asksOfAll() []map[string]string {
	var all []map[string]string
	for _, role := range v1alpha1.KnownRoles {
		all = append(all, kv{"polymoat.io/role": role}, kv{"polymoat.io/role": role, "polymoat.io/node-pool": "builds"})
	}
	for _, pool := range []string{"core", "experiments", "builds"} {
		all = append(all, kv{"polymoat.io/node-pool": pool})
	}
	for _, id := range []string{"run-as-user", "run-as-group", "fs-group"} {
		all = append(all, kv{"polymoat.io/" + id: "1000"}, kv{"polymoat.io/" + id: "0"})
	}
	return all
}

// generous is the built-in policy with lists of names for some roles: another role is no way around them.
func generous() *v1alpha1.PlacementPolicy {
	doc := v1alpha1.Default()
	for i := range doc.Spec.Roles {
		switch r := &doc.Spec.Roles[i]; r.Name {
		case v1alpha1.RoleJobs, v1alpha1.RoleNotebooks, v1alpha1.RoleServices:
			r.PriorityClassNames, r.RuntimeClassNames, r.SchedulerNames = []string{}, []string{}, []string{}
		case v1alpha1.RoleBuilds:
			r.PodSecurity = v1alpha1.Privileged
		}
	}
	return doc
}

// TestOverridesOfTheBuiltInPolicy are what works out of the box, and what does not.
func TestOverridesOfTheBuiltInPolicy(t *testing.T) {
	p := compile(t, v1alpha1.Default())
	rootSocket := func(pod *corev1.Pod) {
		pod.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: new(int64(0))}
		pod.Spec.Volumes = []corev1.Volume{{Name: "s", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: v1alpha1.DockerSocket}}}}
	}
	high := func(pod *corev1.Pod) { pod.Spec.PriorityClassName = "high" }
	for _, tc := range []struct {
		asked
		policy *policy.Policy
	}{
		{asked{"another pool", kv{"node-pool": "builds"}, nil, nil,
			`polymoat.io/node-pool=builds: placed on node pool "builds" instead of "experiments"`}, p},
		{asked{"its own pool", kv{"node-pool": "experiments"}, nil, nil, `polymoat.io/node-pool=experiments: placed on node pool "experiments"`}, p},
		{asked{"core's pool", kv{"node-pool": "core"}, nil, nil,
			`metadata.annotations[polymoat.io/node-pool]: Invalid value: "core": role "jobs" accepts "experiments", "builds"`}, p},
		{asked{"its own role", kv{"role": "jobs"}, nil, nil, `polymoat.io/role=jobs: placed as role "jobs" anyway`}, p},
		{asked{"core's role", kv{"role": "core"}, nil, nil,
			`metadata.annotations[polymoat.io/role]: Invalid value: "core": role "jobs" accepts "experiments", "jobs", "builds", "notebooks", "tensorboards", "services", "distributed", "helpers"`}, p},
		{asked{"the least id", kv{"run-as-user": "1000"}, nil, nil, `polymoat.io/run-as-user=1000: runs as user 1000`}, p},
		{asked{"an id of the system", kv{"run-as-user": "999"}, nil, nil,
			`metadata.annotations[polymoat.io/run-as-user]: Invalid value: "999": role "jobs" accepts 1000 to 65534; the nearest is 1000`}, p},
		{asked{"the role of builds is no way to root and the Docker socket", kv{"role": "builds"}, nil, rootSocket,
			`spec.securityContext.runAsUser is 0: container "polyaxon-main" would run as root; remove it or set a uid above 0 [run-as-root]` +
				` spec.volumes is against the restricted Pod Security Standard; the Docker socket is root on the node: build with kaniko, which needs no socket` +
				` [pod-security]: restricted volume types (volume "s" uses restricted volume type "hostPath")`}, p},
		{asked{"another role is no way to a priority", kv{"role": "distributed"}, nil, high,
			`spec.priorityClassName is "high", which role "jobs" may not use; remove it [priority-class]`}, compile(t, generous())},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := fmt.Sprint(answer(tc.policy, tc.asked)); got != "["+tc.want+"]" {
				t.Errorf("got  %s\nwant [%s]", got, tc.want)
			}
		})
	}
}
