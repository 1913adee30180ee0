package native_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/policy/policytest"
)

var (
	policies = flag.Uint64("policies", 8, "random policies")
	pods     = flag.Uint64("pods", 150, "random requests for each")
	first    = flag.Uint64("first", 0, "the seed of the first policy")
)

// TestRandom: random policies, pods and users come out of the twin as they do of the webhook, or stricter for a reason that
// is listed.
func TestRandom(t *testing.T) {
	for seed := *first; seed < *first+*policies; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			doc := randomPolicy(rand.New(rand.NewPCG(seed, 7)))
			p := pairOf(t, doc)
			for n := range *pods {
				r := randomRequest(rand.New(rand.NewPCG(seed, 1000+n)), doc)
				p.compare(t, r)
				if t.Failed() {
					text, _ := json.Marshal(doc)
					pod, _ := json.Marshal(r.Pod)
					old, _ := json.Marshal(r.Old)
					t.Fatalf("request %d, by %q\nPOLICY %s\nPOD %s\nOLD %s", n, r.User, text, pod, old)
				}
			}
		})
	}
}

func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// some are a few of the values, in their order.
func some[T any](r *rand.Rand, values ...T) []T {
	list := []T{}
	for _, v := range values {
		if r.IntN(2) == 0 {
			list = append(list, v)
		}
	}
	return list
}

// poolNodes are the labels of nodes that random policies and pods speak of.
var poolNodes = []v1alpha1.NodeLabel{
	{Key: "polyaxon", Value: "core"}, {Key: "polyaxon", Value: "runs"}, {Key: "polyaxon", Value: "builds"},
	{Key: "acme.io/gpu", Value: "a100"}, {Key: "tier", Value: ""}, {Key: "spot", Value: "2"},
}

// randomPolicy is a valid policy.
func randomPolicy(r *rand.Rand) *v1alpha1.PlacementPolicy {
	for {
		doc := policytest.Policy(r)
		if r.IntN(2) == 0 {
			doc = v1alpha1.Default()
		}
		doc.Spec.NodePools, doc.Spec.Roles = nil, nil
		for i, l := range poolNodes {
			if i < 2 || r.IntN(2) == 0 {
				p := v1alpha1.NodePool{Name: fmt.Sprintf("p%d", i), NodeLabel: l, Taints: randomTaints(r), Protected: i == 0 || i == 4 && r.IntN(2) == 0}
				if i == 3 && r.IntN(2) == 0 {
					p.Resources = []string{"nvidia.com/gpu"}
				}
				doc.Spec.NodePools = append(doc.Spec.NodePools, p)
			}
		}
		var open, guarded []string
		for _, p := range doc.Spec.NodePools {
			if p.Protected {
				guarded = append(guarded, p.Name)
			} else {
				open = append(open, p.Name)
			}
		}
		doc.Spec.Roles = []v1alpha1.Role{{Name: "core", NodePools: guarded[:1]}}
		for _, name := range []string{"jobs", "builds", "services", "notebooks", "helpers", "other", "proxies"} {
			if name != "jobs" && r.IntN(3) == 0 {
				continue
			}
			role := v1alpha1.Role{Name: name, NodePools: slices.Clone(open)}
			r.Shuffle(len(open), func(i, j int) { role.NodePools[i], role.NodePools[j] = role.NodePools[j], role.NodePools[i] })
			role.NodePools = role.NodePools[:r.IntN(min(len(open), 3)+1)]
			randomRole(r, &role)
			doc.Spec.Roles = append(doc.Spec.Roles, role)
		}
		if r.IntN(3) == 0 {
			doc.Spec.NodeNameUsers, doc.Spec.BindingUsers, doc.Spec.DebugUsers = []string{"jane"}, []string{"jane"}, []string{"jane"}
		}
		if r.IntN(3) == 0 {
			doc.Spec.CoreTrust.ServiceAccounts = []string{"deployer"}
		}
		if r.IntN(4) == 0 {
			doc.Spec.Modes = []v1alpha1.RuleMode{{Mode: pick(r, v1alpha1.Warn, v1alpha1.Audit), Rules: some(r, "run-as-root", "pod-security", "node-pool", "core-nodes"),
				Scope: v1alpha1.Scope{Roles: some(r, "jobs", "other")}}}
		}
		text, err := json.Marshal(doc)
		if err != nil {
			panic(err)
		}
		if doc, err = v1alpha1.Load("random.json", text); err == nil {
			return doc
		}
	}
}

func randomTaints(r *rand.Rand) []corev1.Taint {
	return some(r, corev1.Taint{Key: "polyaxon", Value: pick(r, "core", "runs"), Effect: corev1.TaintEffectNoSchedule},
		corev1.Taint{Key: "spot", Value: "3", Effect: pick(r, corev1.TaintEffectNoExecute, corev1.TaintEffectPreferNoSchedule)})
}

func randomRole(r *rand.Rand, role *v1alpha1.Role) {
	if role.Name == "proxies" {
		role.Match = &v1alpha1.Match{Any: []v1alpha1.Signal{{Labels: map[string]string{"app": "proxy"}}, {Role: "services", Command: "proxy"}, {Annotations: map[string]string{"a": "b"}}}}
		role.PodSecurity = pick(r, v1alpha1.Privileged, v1alpha1.Baseline, v1alpha1.Restricted)
	}
	if r.IntN(4) == 0 {
		role.NodeSelector = map[string]string{"disk": "ssd"}
	}
	if r.IntN(4) == 0 {
		role.Tolerations = []corev1.Toleration{{Key: "spot", Operator: corev1.TolerationOpExists}}
	}
	if r.IntN(4) == 0 {
		role.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: randomTerms(r)}}
	}
	if r.IntN(4) == 0 && role.Name == "jobs" {
		role.SchedulerNames, role.PriorityClassNames = []string{"volcano"}, []string{}
	}
	if role.Name != "other" && r.IntN(3) == 0 {
		role.Overrides = &v1alpha1.Overrides{NodePools: []string{"*"}, Roles: []string{"*"}, NodeSelectorKeys: []string{"disk"}, TolerationKeys: []string{"spot"}, RunAsUser: &v1alpha1.IDRange{Min: 1000, Max: 2999}, RunAsGroup: &v1alpha1.IDRange{Min: 1, Max: 2999}}
	}
	if role.Name == "jobs" && r.IntN(4) == 0 {
		role.OnConflict = v1alpha1.Replace
	}
}

func randomTerms(r *rand.Rand) *corev1.NodeSelector {
	list := &corev1.NodeSelector{}
	for range 1 + r.IntN(3) {
		term := corev1.NodeSelectorTerm{}
		for range r.IntN(4) {
			l := pick(r, append(slices.Clone(poolNodes), v1alpha1.NodeLabel{Key: "disk", Value: "ssd"}, v1alpha1.NodeLabel{Key: "zone", Value: "5"})...)
			q := corev1.NodeSelectorRequirement{Key: l.Key}
			switch r.IntN(7) {
			case 0, 1:
				q.Operator, q.Values = corev1.NodeSelectorOpIn, append(some(r, "core", "runs", "5", ""), l.Value)
			case 2, 3:
				q.Operator, q.Values = corev1.NodeSelectorOpNotIn, append(some(r, "core", "runs", "5"), l.Value)
			case 4:
				q.Operator = corev1.NodeSelectorOpExists
			case 5:
				q.Operator = corev1.NodeSelectorOpDoesNotExist
			case 6:
				q.Operator, q.Values = pick(r, corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt), []string{pick(r, "1", "3", "6", "0")}
			}
			term.MatchExpressions = append(term.MatchExpressions, q)
		}
		if r.IntN(5) == 0 {
			term.MatchFields = []corev1.NodeSelectorRequirement{{Key: "metadata.name", Operator: pick(r, corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn), Values: []string{pick(r, "n1", "n2")}}}
		}
		list.NodeSelectorTerms = append(list.NodeSelectorTerms, term)
	}
	return list
}

// randomRequest is a pod that is created or updated, and who asks.
func randomRequest(r *rand.Rand, doc *v1alpha1.PlacementPolicy) policy.Request {
	pod := policytest.Pod(r)
	if r.IntN(2) == 0 { // most security contexts are refused
		pod.Spec.SecurityContext = nil
		for i := range pod.Spec.Containers {
			pod.Spec.Containers[i].SecurityContext, pod.Spec.InitContainers[i].SecurityContext = nil, nil
		}
	}
	if r.IntN(2) == 0 {
		pod.Annotations = map[string]string{}
	}
	randomLabels(r, pod)
	randomAsks(r, pod)
	randomContent(r, pod)
	req := policy.Request{Namespace: "polyaxon", Pod: pod, User: randomUser(r, doc, pod), Trust: pick(r, policy.NotTrusted, policy.NotTrusted, policy.NotTrusted, policy.Trusted)}
	pod.Spec.SecurityContext = orEmpty(pod.Spec.SecurityContext)
	pod.Spec.SchedulerName = pick(r, "default-scheduler", "default-scheduler", "volcano", "own")
	if r.IntN(3) == 0 {
		randomUpdate(r, &req)
	}
	return req
}

func orEmpty(c *corev1.PodSecurityContext) *corev1.PodSecurityContext {
	if c == nil {
		return &corev1.PodSecurityContext{}
	}
	return c
}

func randomLabels(r *rand.Rand, pod *corev1.Pod) {
	switch r.IntN(8) {
	case 0:
		pod.Labels = map[string]string{"app": pick(r, "proxy", "web", "polyaxon-postgresql", "polyaxon-polyaxon-api")}
	case 1:
		pod.Labels = map[string]string{"type": "polyaxon-runner", "app": pick(r, "polyaxon-dockerizer", "polyaxon-job", "polyaxon-notebook", "x")}
	case 2:
		pod.Labels["app.kubernetes.io/component"] = pick(r, "polyaxon-cleaners", "polyaxon-tfjobs", "x")
	case 3:
		pod.Labels = map[string]string{"app.kubernetes.io/part-of": pick(r, "polyaxon-core", "polyaxon-integration")}
	case 4:
		pod.Labels = map[string]string{"app.kubernetes.io/name": pick(r, "postgresql", "polyaxon-polyaxon-sync-db"), "app.kubernetes.io/instance": "polyaxon"}
	case 5:
		pod.Labels["type"] = pick(r, "polyaxon-core", "x")
		pod.Labels["app"] = pick(r, "polyaxon-polyaxon-scheduler", "redis", "y")
		pod.Labels["release"] = pick(r, "polyaxon", "z")
	}
	if r.IntN(10) == 0 {
		pod.Annotations["a"] = "b"
	}
	if r.IntN(5) == 0 {
		where := pick(r, pod.Annotations, pod.Labels)
		where["polymoat.io/"+pick(r, "node-pool", "node-pool", "run-as-group", "role", "role", "node-selector", "typo")] = pick(r, "p1", "p3", "p0", "1000", "jobs", "builds", "proxies")
	}
	if r.IntN(8) == 0 {
		pod.Annotations["polymoat.io/role"] = pick(r, "jobs", "builds", "proxies", "services", "helpers")
	}
	if r.IntN(10) == 0 {
		pod.Annotations["polymoat.io/node-selector"] = pick(r, `{"disk":"ssd"}`, `{ "disk" : "hdd" }`, `{"disk":"\u0073sd"}`, `{"zone":"5"}`, `{}`)
	}
	if r.IntN(10) == 0 {
		pod.Annotations["polymoat.io/tolerations"] = pick(r, `[{"key":"spot","operator":"Exists"}]`, `[ {"key":"spot", "value":"3","effect":"NoExecute", "tolerationSeconds":5}, {"key":"spot","operator":"Exists","effect":"NoSchedule"}]`, `[{"key":"polyaxon"}]`)
	}
}

func randomAsks(r *rand.Rand, pod *corev1.Pod) {
	for _, l := range poolNodes {
		if r.IntN(12) == 0 {
			if pod.Spec.NodeSelector == nil {
				pod.Spec.NodeSelector = map[string]string{}
			}
			pod.Spec.NodeSelector[l.Key] = l.Value
		}
	}
	if r.IntN(8) == 0 {
		if pod.Spec.NodeSelector == nil {
			pod.Spec.NodeSelector = map[string]string{}
		}
		pod.Spec.NodeSelector["disk"] = pick(r, "ssd", "hdd")
	}
	if r.IntN(3) == 0 {
		pod.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: randomTerms(r)}}
	}
	if r.IntN(10) == 0 {
		pod.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{
			{TopologyKey: pick(r, "kubernetes.io/hostname", "zone"), Namespaces: pick(r, nil, []string{"polyaxon"}, []string{"kube-system"})}}}}
	}
	pod.Spec.Tolerations = some(r, corev1.Toleration{Key: "polyaxon", Operator: corev1.TolerationOpExists}, corev1.Toleration{Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute},
		corev1.Toleration{Key: "spot", Operator: corev1.TolerationOpEqual, Value: "3", TolerationSeconds: pick(r, nil, new(int64(5))), Effect: corev1.TaintEffectNoExecute},
		corev1.Toleration{Key: "polyaxon", Value: "runs", Effect: corev1.TaintEffectNoSchedule}, corev1.Toleration{Key: "spot", Operator: corev1.TolerationOpGt, Value: pick(r, "2", "4")})
	if r.IntN(12) == 0 {
		pod.Spec.NodeName = pick(r, "n1", "n2")
	}
	if r.IntN(10) == 0 {
		pod.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "g"}}
	}
}

func randomContent(r *rand.Rand, pod *corev1.Pod) {
	main := &pod.Spec.Containers[0]
	main.Image = pick(r, "python:3", "gcr.io/kaniko-project/executor:v1", "evil/kaniko-project/executor", "moby/buildkit-old:1", "acme/jupyter/base/x", "moby/buildkit@sha256:"+fmt.Sprintf("%064d", 7), "jupyter/base:1", "x/y:5000/z", "rayproject/ray")
	main.Command = pick(r, nil, []string{"sh", "-c", "echo x && exec tensorboard --logdir /x"}, []string{"tini", "-g", "--", "start.sh", "jupyter-lab", "--port=1"},
		[]string{"/bin/bash", "-lc", "A=1 python3 -m proxy.x | tee y"}, []string{"python", "-m", "tensorboard.main"}, []string{"env", "X=1", "-i", "proxy"})
	main.Args = pick(r, nil, nil, []string{"--logdir=/y"}, []string{"--ServerApp.ip=0"})
	if r.IntN(6) == 0 {
		pod.Spec.InitContainers[0].Name = pick(r, "polyaxon-init-dockerfile-1", "polyaxon-init-tb-2")
	}
	if r.IntN(6) == 0 {
		main.Env = pick(r, []corev1.EnvVar{{Name: "HOME", Value: "/x"}}, []corev1.EnvVar{{Name: "USER", Value: "x"}})
	}
	if r.IntN(6) == 0 {
		pod.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: pick(r, corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: pick(r, "/tmp/outputs/", "/tmp/outputs/x", "/var/run/docker.sock", "//tmp/./data")}},
			corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}, corev1.VolumeSource{NFS: &corev1.NFSVolumeSource{Server: "x", Path: "/"}})}}
	}
	if r.IntN(10) == 0 {
		pod.Spec.HostNetwork = true
	}
	if r.IntN(8) == 0 {
		pod.Spec.ServiceAccountName = pick(r, "polyaxon-polyaxon-serviceaccount", "deployer", "default", "own")
	}
	if r.IntN(8) == 0 {
		pod.Spec.PriorityClassName = "high"
	}
	if r.IntN(6) == 0 {
		main.Ports = []corev1.ContainerPort{{ContainerPort: 1, HostPort: int32(r.IntN(2))}}
	}
}

func randomUser(r *rand.Rand, doc *v1alpha1.PlacementPolicy, pod *corev1.Pod) policy.UserInfo {
	owned := func(apiVersion, kind, name string) {
		pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: apiVersion, Kind: kind, Name: name, UID: "1", Controller: new(true)}}
	}
	switch r.IntN(9) {
	case 0:
		return policy.UserNamed(doc.Spec.Requesters[0])
	case 1:
		owned("batch/v1", "Job", pick(r, "polyaxon-sync-db", "x"))
		return policy.UserNamed("system:serviceaccount:kube-system:job-controller")
	case 2:
		owned("apps/v1", pick(r, "ReplicaSet", "StatefulSet"), "x")
		return policy.UserNamed("system:serviceaccount:kube-system:replicaset-controller")
	case 3:
		owned("apps/v1", "DaemonSet", "x")
		return policy.UserNamed("system:serviceaccount:kube-system:daemon-set-controller")
	case 4:
		return policy.UserNamed("admin", "system:masters")
	case 5:
		return policy.UserNamed(pick(r, "jane", "system:serviceaccount:polyaxon:deployer", "system:kube-scheduler"))
	}
	return policy.UserNamed("tenant")
}

// randomUpdate makes the request an update of the pod.
func randomUpdate(r *rand.Rand, req *policy.Request) {
	req.Old, req.Pod = req.Pod, req.Pod.DeepCopy()
	switch r.IntN(7) {
	case 0:
		req.Pod.Labels["x"] = "y"
	case 1:
		randomLabels(r, req.Pod)
	case 2:
		req.Pod.Spec.Containers[0].Image = pick(r, "python:4", "gcr.io/kaniko-project/executor:v2")
	case 3:
		req.Pod.Spec.Tolerations = append(req.Pod.Spec.Tolerations, corev1.Toleration{Operator: corev1.TolerationOpExists})
	case 4, 5:
		req.Subresource = policy.EphemeralContainers
		req.Pod.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
			Name: "debug", Image: "busybox", SecurityContext: pick(r, nil, req.Pod.Spec.Containers[0].SecurityContext)}}}
	case 6:
		req.Old.Spec.SchedulingGates, req.Pod.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "g"}}, nil
	}
}
