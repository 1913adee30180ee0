package native_test

import (
	"fmt"
	"math/rand/v2"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/policy/policytest"
)

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
