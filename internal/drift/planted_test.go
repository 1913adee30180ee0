package drift

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// changed is the built-in policy with a change.
func changed(change func(*v1alpha1.PlacementPolicy)) []v1alpha1.File {
	p := v1alpha1.Default()
	change(p)
	return []v1alpha1.File{{Name: "changed", Policy: p}}
}

var inPolicies = []planted{
	{"other pools and roles in force", func(_ *testing.T, f *Facts) {
		f.InForce = changed(func(p *v1alpha1.PlacementPolicy) {
			p.Spec.NodePools, p.Spec.Roles = p.Spec.NodePools[:1], p.Spec.Roles[:1]
		})
		f.Twin = twinOf(f.InForce)
	}, Drift{Policies, "policy/polyaxon", "is in force with other values of spec.nodePools, spec.roles", install}},
	{"not in force", func(_ *testing.T, f *Facts) {
		f.InForce = f.Policies
		second := changed(func(p *v1alpha1.PlacementPolicy) { p.Metadata.Name, p.Spec.Namespaces = "second", []string{"second"} })
		f.Policies = append(second, f.Policies...)
	}, Drift{Policies, "policy/second", "is not in force", install}},
	{"in force and unknown", func(_ *testing.T, f *Facts) {
		second := changed(func(p *v1alpha1.PlacementPolicy) { p.Metadata.Name, p.Spec.Namespaces = "second", []string{"second"} })
		f.InForce = append(second, f.Policies...)
		f.Twin = twinOf(f.InForce)
	}, Drift{Policies, "policy/second", "is in force, and not among the policies that were given", install}},
	{"a replica of before", func(_ *testing.T, f *Facts) { f.Replicas["polymoat-b"] = "polymoat-policy-0" },
		Drift{Policies, "pod/polymoat-b", `runs the policy of ConfigMap "polymoat-policy-0", and "polymoat-policy-1" is in force`, "kubectl polymoat doctor --only policy-in-force"}},

	{"an object is missing", func(_ *testing.T, f *Facts) { delete(f.Twin, twinName) }, Drift{Twin, twinName, "is missing", twinFix}},
	{"an object of another policy", func(_ *testing.T, f *Facts) { f.Twin[twinName] = "0123456789ab" },
		Drift{Twin, twinName, "is not what this plugin makes of the policy in force", twinFix}},
	{"an object of no policy", func(_ *testing.T, f *Facts) { f.Twin["MutatingAdmissionPolicy/old"] = "0123456789ab" },
		Drift{Twin, "MutatingAdmissionPolicy/old", "belongs to no policy in force", "kubectl delete mutatingadmissionpolicy/old"}},
}

// placed changes the first workload.
func placed(spec string) func(*testing.T, *Facts) {
	return func(t *testing.T, f *Facts) {
		t.Helper()
		f.Workloads[0] = workload(t, "api", `{app.kubernetes.io/part-of: polyaxon-core}`, spec)
	}
}

const (
	tolerating = `tolerations: [{key: polyaxon, operator: Exists}]`
	anywhere   = `affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [
		{matchExpressions: [{key: polyaxon, operator: In, values: [core]}]}, {matchExpressions: [{key: zone, operator: Exists}]}]}}}`
)

var inCore = []planted{
	{"no selector", placed("{" + tolerating + "}"), Drift{Core, "deployment.apps/api", "has pods that do not select polyaxon=core", valuesFix}},
	{"another selector", placed("{nodeSelector: {polyaxon: old}, " + tolerating + "}"), Drift{Core, "deployment.apps/api", "has pods that select polyaxon=old, and not polyaxon=core", valuesFix}},
	{"an affinity that leaves other nodes", placed("{" + tolerating + ", " + anywhere + "}"), Drift{Core, "deployment.apps/api", "has pods that do not select polyaxon=core", valuesFix}},
	{"no toleration", placed(`{nodeSelector: {polyaxon: core}}`), Drift{Core, "deployment.apps/api", "has pods that do not tolerate the taint polyaxon=core:NoSchedule", valuesFix}},
}

var inNodes = []planted{
	{"no taint", func(_ *testing.T, f *Facts) { f.Nodes[0] = node("core-1", "core", "") },
		Drift{Nodes, "node/core-1", `lacks the taint polyaxon=core:NoSchedule of node pool "core"`, "kubectl taint node core-1 polyaxon=core:NoSchedule --overwrite"}},
	{"the taint of another pool", func(_ *testing.T, f *Facts) { f.Nodes[0] = node("core-1", "core", "builds") },
		Drift{Nodes, "node/core-1", `lacks the taint polyaxon=core:NoSchedule of node pool "core"`, "kubectl taint node core-1 polyaxon=core:NoSchedule --overwrite"}},
	{"a taint and another label", func(_ *testing.T, f *Facts) { f.Nodes = append(f.Nodes, node("core-2", "cor", "core")) },
		Drift{Nodes, "node/core-2", `has the taints of node pool "core", and not its label polyaxon=core`, "kubectl label node core-2 polyaxon=core --overwrite"}},
	{"a taint that nobody tolerates", func(_ *testing.T, f *Facts) {
		f.Nodes[1].Spec.Taints = append(f.Nodes[1].Spec.Taints, corev1.Taint{Key: "dedicated", Value: "team", Effect: corev1.TaintEffectNoExecute})
	}, Drift{Nodes, "node/experiments-1", `has the taint dedicated=team:NoExecute, which no role of node pool "experiments" tolerates`,
		"kubectl taint node experiments-1 dedicated=team:NoExecute-"}},
	{"two pools", func(_ *testing.T, f *Facts) {
		f.Policies = changed(func(p *v1alpha1.PlacementPolicy) { p.Spec.NodePools[2].NodeLabel = v1alpha1.NodeLabel{Key: "builds"} })
		f.Nodes[0].Labels["builds"] = ""
		f.Groups, f.Flavors, f.Presets, f.Twin = nil, nil, nil, twinOf(f.Policies)
	}, Drift{Nodes, "node/core-1", `is in 2 node pools, "core" and "builds"`, "kubectl label node core-1 builds-"}},
	{"a pool without nodes", func(_ *testing.T, f *Facts) { f.Groups = nil },
		Drift{Nodes, "node pool builds", "has no node: none is labelled polyaxon=builds, and nothing that can be seen starts one",
			"kubectl label node NODE polyaxon=builds && kubectl taint node NODE polyaxon=builds:NoSchedule"}},
}

// starting adds a NodePool of Karpenter.
func starting(template string) func(*testing.T, *Facts) {
	return func(t *testing.T, f *Facts) {
		t.Helper()
		f.Groups = append(f.Groups, karpenter(t, template))
	}
}

const (
	more     = "nodepool.karpenter.sh/more"
	coreOpen = `: one that asks for polyaxon=core is given a node of protected node pool "core" without the taint polyaxon=core:NoSchedule`
	taintFix = `kubectl patch nodepools.karpenter.sh more --type=merge -p '{"spec":{"template":{"spec":{"taints":[{"key":"gpu","effect":"NoSchedule"},` +
		`{"key":"polyaxon","value":"core","effect":"NoSchedule"}]}}}}'`
)

var inAutoscalers = []planted{
	{"an open requirement", starting(`{spec: {requirements: [{key: polyaxon, operator: Exists}]}}`),
		Drift{Autoscalers, more, "leaves the value of label polyaxon to the pod (Exists)" + coreOpen, exportFix}},
	{"one of several values", starting(`{spec: {requirements: [{key: polyaxon, operator: In, values: [experiments, core]}], taints: [{key: polyaxon, value: experiments, effect: NoSchedule}]}}`),
		Drift{Autoscalers, more, "leaves the value of label polyaxon to the pod (In experiments, core)" + coreOpen, exportFix}},
	{"all values but one", starting(`{spec: {requirements: [{key: polyaxon, operator: NotIn, values: [experiments]}]}}`),
		Drift{Autoscalers, more, "leaves the value of label polyaxon to the pod (NotIn experiments)" + coreOpen, exportFix}},
	{"an open requirement without core", starting(`{spec: {requirements: [{key: polyaxon, operator: In, values: [builds, experiments]}]}}`),
		Drift{Autoscalers, more, `leaves the value of label polyaxon to the pod (In builds, experiments): nodes of node pool "experiments" lack the taint polyaxon=experiments:NoSchedule`, exportFix}},
	{"a label without its taint", starting(`{metadata: {labels: {polyaxon: core}}, spec: {taints: [{key: gpu, effect: NoSchedule}], startupTaints: [{key: polyaxon, value: core, effect: NoSchedule}]}}`),
		Drift{Autoscalers, more, `starts nodes of node pool "core" without the taint polyaxon=core:NoSchedule`, taintFix}},
	{"one value without its taint", starting(`{spec: {requirements: [{key: polyaxon, operator: In, values: [core]}], taints: [{key: gpu, effect: NoSchedule}, {key: polyaxon, value: cor, effect: NoSchedule}]}}`),
		Drift{Autoscalers, more, `starts nodes of node pool "core" without the taint polyaxon=core:NoSchedule`, taintFix}},
	{"a taint without its label", starting(`{spec: {taints: [{key: polyaxon, value: core, effect: NoSchedule}]}}`),
		Drift{Autoscalers, more, `starts nodes with the taints of node pool "core", and not its label polyaxon=core`,
			`kubectl patch nodepools.karpenter.sh more --type=merge -p '{"spec":{"template":{"metadata":{"labels":{"polyaxon":"core"}}}}}'`}},
	{"a label that Karpenter lets pods choose", func(t *testing.T, f *Facts) {
		const key = "karpenter.sh/capacity-type"
		f.Policies = changed(func(p *v1alpha1.PlacementPolicy) {
			p.Spec.NodePools[0].NodeLabel = v1alpha1.NodeLabel{Key: key, Value: "on-demand"}
		})
		f.Nodes[0].Labels = map[string]string{key: "on-demand"}
		f.Workloads, f.Groups, f.Flavors, f.Presets, f.Twin, f.UnseenGroups = nil, nil, nil, nil, nil, true
		starting(`{}`)(t, f)
	}, Drift{Autoscalers, more, "leaves the value of label karpenter.sh/capacity-type to the pod (no requirement): one that asks for karpenter.sh/capacity-type=on-demand " +
		`is given a node of protected node pool "core" without the taint polyaxon=core:NoSchedule`, exportFix}},
	{"a MachineDeployment without the taint", func(t *testing.T, f *Facts) {
		f.Groups = append(f.Groups, machines(t, "polyaxon=core", "gpu:NoSchedule"))
	},
		Drift{Autoscalers, "machinedeployment.cluster.x-k8s.io/md", `starts nodes of node pool "core" without the taint polyaxon=core:NoSchedule`,
			"kubectl -n capi annotate machinedeployment md --overwrite capacity.cluster-autoscaler.kubernetes.io/taints=gpu:NoSchedule,polyaxon=core:NoSchedule # and in what its machines boot with"}},
	{"a MachineDeployment without the label", func(t *testing.T, f *Facts) {
		f.Groups = append(f.Groups, machines(t, "zone=a", "polyaxon=builds:NoSchedule"))
	}, Drift{Autoscalers, "machinedeployment.cluster.x-k8s.io/md", `starts nodes with the taints of node pool "builds", and not its label polyaxon=builds`,
		"kubectl -n capi annotate machinedeployment md --overwrite capacity.cluster-autoscaler.kubernetes.io/labels=polyaxon=builds,zone=a # and in what its machines boot with"}},
}

// queueing adds a ResourceFlavor of Kueue.
func queueing(spec string) func(*testing.T, *Facts) {
	return func(t *testing.T, f *Facts) {
		t.Helper()
		f.Flavors = append(f.Flavors, flavor(t, `{metadata: {name: more}, spec: `+spec+`}`))
	}
}

var inQueues = []planted{
	{"the protected pool", queueing(`{nodeLabels: {polyaxon: core}}`),
		Drift{Queues, "resourceflavor.kueue.x-k8s.io/more", `sends runs to protected node pool "core", and polymoat refuses them`, "kubectl delete resourceflavor.kueue.x-k8s.io/more"}},
	{"no toleration", queueing(`{nodeLabels: {polyaxon: builds}}`),
		Drift{Queues, "resourceflavor.kueue.x-k8s.io/more", `has no toleration for the taint polyaxon=builds:NoSchedule of node pool "builds"`,
			"kubectl polymoat export kueue | kubectl apply -f -"}},
}

// with adds a preset.
func with(object, text string) func(*testing.T, *Facts) {
	return func(t *testing.T, f *Facts) {
		t.Helper()
		f.Presets = append(f.Presets, environment(t, object, text))
	}
}

var inPresets = []planted{
	{"the protected pool", with("gpu.yaml", `{nodeSelector: {polyaxon: core}}`),
		Drift{Presets, "gpu.yaml", `selects protected node pool "core", which polymoat refuses`, "kubectl polymoat presets"}},
	{"no pool", with("gpu.yaml", `{nodeSelector: {zone: a, polyaxon: old}}`),
		Drift{Presets, "gpu.yaml", "selects polyaxon=old, the label of no node pool", "kubectl polymoat presets"}},
	{"a pool of other roles", with("presets/jobs.yaml", `{nodeSelector: {polyaxon: builds}, `+tolerating+`}`),
		Drift{Presets, "presets/jobs.yaml", `selects node pool "builds", which role jobs may not use`, "kubectl polymoat presets jobs"}},
	{"no toleration", with("builds.yaml", `{nodeSelector: {polyaxon: builds}}`),
		Drift{Presets, "builds.yaml", `has no toleration for the taint polyaxon=builds:NoSchedule of node pool "builds"`, "kubectl polymoat presets builds"}},
	{"a node", with("gpu.yaml", `{nodeName: build-node}`),
		Drift{Presets, "gpu.yaml", `names the node "build-node", which polymoat refuses`, "kubectl polymoat presets"}},
}
