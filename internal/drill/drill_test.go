package drill_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/polymoat/polymoat/internal/drill"
)

// three nodes of core in two zones, with 4 cpus each.
func three() drill.Facts {
	f := drill.Facts{Namespaces: map[string]labels.Set{"polyaxon": nil}}
	for i, zone := range []string{"a", "a", "b"} {
		n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("core-%d", i+1)}}
		n.Labels = map[string]string{corev1.LabelHostname: n.Name, corev1.LabelTopologyZone: zone, "polyaxon": "core"}
		n.Status.Allocatable = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("4"), corev1.ResourcePods: resource.MustParse("10")}
		f.Nodes = append(f.Nodes, n)
	}
	return f
}

// api is a pod of a ReplicaSet that asks for so much cpu.
func api(name, node, cpu string, change ...func(*corev1.Pod)) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "polyaxon", Name: name, Labels: map[string]string{"app": "api"}}}
	pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "api", Controller: new(true)}}
	pod.Spec.NodeName = node
	pod.Spec.Containers = []corev1.Container{{Name: "main", Resources: corev1.ResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)},
	}}}
	for _, f := range change {
		f(pod)
	}
	return pod
}

func core(pods ...*corev1.Pod) []*drill.Pod {
	var all []*drill.Pod
	for _, pod := range pods {
		p := drill.NewPod(pod)
		p.Core = true
		all = append(all, p)
	}
	return all
}

// said is a report as lines: "api-1 pending: why".
func said(r drill.Report) string {
	var lines []string
	for _, o := range r.Pods {
		line := fmt.Sprintf("%s %s %s", o.Name, o.Fate, strings.Join(o.Nodes, ","))
		if len(o.Evicts) > 0 {
			line += " evicts " + strings.Join(o.Evicts, ",")
		}
		if o.EvictedFor != "" {
			line += " for " + o.EvictedFor
		}
		if o.Why != "" {
			line += ": " + o.Why
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func about(app string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}}
}

func mounts(claim string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim}}}}
	}
}

func ownedBy(kind string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.OwnerReferences[0].Kind = kind }
}

func tied(f *drill.Facts, zone string) {
	f.Claims = append(f.Claims, &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: "polyaxon", Name: "data", Annotations: map[string]string{"pv.kubernetes.io/bind-completed": "yes"}},
		Spec:       corev1.PersistentVolumeClaimSpec{VolumeName: "volume"},
	})
	f.Volumes = append(f.Volumes, &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: "volume"},
		Spec: corev1.PersistentVolumeSpec{NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{
			NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{{
				Key: corev1.LabelTopologyZone, Operator: corev1.NodeSelectorOpIn, Values: []string{zone},
			}}}},
		}}},
	})
}

func TestLose(t *testing.T) {
	for _, tc := range []struct {
		name string
		pods []*corev1.Pod // of core
		runs []*corev1.Pod
		more func(*drill.Facts)
		want string
	}{
		{
			name: "there is room",
			pods: []*corev1.Pod{api("api-1", "core-3", "1")},
			want: "api-1 returns core-1,core-2",
		},
		{
			name: "there is room on one node",
			pods: []*corev1.Pod{api("api-1", "core-3", "2"), api("api-2", "core-1", "3")},
			want: "api-1 returns core-2",
		},
		{
			name: "no room",
			pods: []*corev1.Pod{api("api-1", "core-3", "2"), api("api-2", "core-1", "3"), api("api-3", "core-2", "2500m")},
			want: "api-1 pending : core-1: cpu: 2 asked, 1 free; core-2: cpu: 2 asked, 1500m free",
		},
		{
			name: "room for one of two",
			pods: []*corev1.Pod{api("api-1", "core-3", "2"), api("api-2", "core-3", "2"), api("api-3", "core-1", "3"), api("api-4", "core-2", "1")},
			want: "api-1 depends core-2: core-1 and core-2: cpu: 2 asked, 1 free\n" +
				"api-2 depends core-2: core-1 and core-2: cpu: 2 asked, 1 free",
		},
		{
			name: "a volume that is tied to a zone",
			pods: []*corev1.Pod{api("api-1", "core-3", "1", mounts("data"))},
			more: func(f *drill.Facts) { tied(f, "b") },
			want: `api-1 pending : core-1 and core-2: volume "volume" of claim "data" is tied to topology.kubernetes.io/zone "b"`,
		},
		{
			name: "a claim that is not there",
			pods: []*corev1.Pod{api("api-1", "core-3", "1", mounts("data"))},
			want: `api-1 pending : claim "data" does not exist`,
		},
		{
			name: "spread over zones",
			pods: []*corev1.Pod{api("api-1", "core-3", "1", func(p *corev1.Pod) {
				p.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
					TopologyKey: corev1.LabelTopologyZone, MaxSkew: 1, MinDomains: new(int32(2)), WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: about("api"),
				}}
			}), api("api-2", "core-1", "1")},
			want: `api-1 pending : core-1 and core-2: spread over topology.kubernetes.io/zone: with it, "a" would have 2, another 0, and maxSkew is 1`,
		},
		{
			name: "anti-affinity",
			pods: []*corev1.Pod{api("api-1", "core-3", "1", apart), api("api-2", "core-1", "1", apart), api("api-3", "core-2", "1", apart)},
			want: `api-1 pending : core-1: its anti-affinity (kubernetes.io/hostname) keeps it away from pod "api-2"; ` +
				`core-2: its anti-affinity (kubernetes.io/hostname) keeps it away from pod "api-3"`,
		},
		{
			name: "anti-affinity of others",
			pods: []*corev1.Pod{api("api-1", "core-3", "1"), api("api-2", "core-1", "1", apart), api("api-3", "core-2", "1", apart)},
			want: `api-1 pending : core-1: the anti-affinity (kubernetes.io/hostname) of pod "api-2" keeps it away; ` +
				`core-2: the anti-affinity (kubernetes.io/hostname) of pod "api-3" keeps it away`,
		},
		{
			name: "affinity to a pod that went, too",
			pods: []*corev1.Pod{api("api-1", "core-3", "1", near("db"))},
			want: `api-1 pending : core-1 and core-2: no pod is there that its affinity (kubernetes.io/hostname) asks for`,
		},
		{
			name: "a host port",
			pods: []*corev1.Pod{api("api-1", "core-3", "1", port), api("api-2", "core-1", "1", port)},
			want: "api-1 returns core-2",
		},
		{
			name: "what belongs to its node, and what nobody creates again",
			pods: []*corev1.Pod{api("agent", "core-3", "1", ownedBy("DaemonSet")), api("etcd-core-3", "core-3", "1", ownedBy("Node")), api("shell", "core-3", "1", func(p *corev1.Pod) { p.OwnerReferences = nil })},
			want: "agent of-node : it belongs to its node\netcd-core-3 of-node : it belongs to its node\nshell gone : no controller creates it again",
		},
		{
			name: "a StatefulSet waits for its first pod",
			pods: []*corev1.Pod{api("db-0", "core-3", "5", ownedBy("StatefulSet")), api("db-1", "core-3", "1", ownedBy("StatefulSet"))},
			want: "db-0 pending : core-1 and core-2: cpu: 5 asked, 4 free\n" +
				`db-1 pending : its StatefulSet does not create it before "db-0" runs`,
		},
		{
			name: "runs make room",
			pods: []*corev1.Pod{api("api-1", "core-3", "3", important)},
			runs: []*corev1.Pod{api("run-1", "core-1", "2"), api("run-2", "core-1", "1"), api("run-3", "core-2", "2", important)},
			want: "api-1 returns core-1 evicts polyaxon/run-1",
		},
		{
			name: "runs do not make room for what evicts nobody",
			pods: []*corev1.Pod{api("api-1", "core-3", "3", important, func(p *corev1.Pod) { p.Spec.PreemptionPolicy = new(corev1.PreemptNever) })},
			runs: []*corev1.Pod{api("run-1", "core-1", "2"), api("run-2", "core-2", "2")},
			want: "api-1 pending : core-1 and core-2: cpu: 3 asked, 2 free",
		},
		{
			name: "core makes room for core, on one node or the other",
			pods: []*corev1.Pod{api("api-1", "core-3", "3", important), api("db-1", "core-1", "2"), api("db-2", "core-2", "2")},
			want: "api-1 returns core-1,core-2 evicts polyaxon/db-1,polyaxon/db-2\ndb-1 returns core-2 for polyaxon/api-1\ndb-2 returns core-1 for polyaxon/api-1",
		},
		{
			name: "a pod of core that nobody creates again makes room",
			pods: []*corev1.Pod{
				api("api-1", "core-3", "3", important), api("api-2", "core-2", "3", important),
				api("shell", "core-1", "2", func(p *corev1.Pod) { p.OwnerReferences = nil }),
			},
			want: "api-1 returns core-1 evicts polyaxon/shell\nshell gone  for polyaxon/api-1: no controller creates it again",
		},
		{
			name: "a pod that waits already",
			pods: []*corev1.Pod{api("api-1", "", "5")},
			want: "api-1 pending : core-1 and core-2: cpu: 5 asked, 4 free",
		},
		{
			name: "other nodes are tainted, or not asked for",
			pods: []*corev1.Pod{api("api-1", "core-3", "1", func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{"polyaxon": "core"} })},
			more: func(f *drill.Facts) {
				f.Nodes[0].Labels["polyaxon"] = "experiments"
				f.Nodes[1].Spec.Taints = []corev1.Taint{{Key: "polyaxon", Value: "core", Effect: corev1.TaintEffectNoSchedule}}
			},
			want: `api-1 pending : core-1: its node selector or affinity asks for other nodes; core-2: it does not tolerate taint "polyaxon=core:NoSchedule"`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := three()
			f.Pods = core(tc.pods...)
			for _, run := range tc.runs {
				run.OwnerReferences[0].Kind = "Job"
				f.Pods = append(f.Pods, drill.NewPod(run))
			}
			if tc.more != nil {
				tc.more(&f)
			}
			if diff := cmp.Diff(tc.want, said(drill.New(f).Lose([]string{"core-3"}))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func apart(p *corev1.Pod) {
	p.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{
		{TopologyKey: corev1.LabelHostname, LabelSelector: about("api")},
	}}}
}

func near(app string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{
			{TopologyKey: corev1.LabelHostname, LabelSelector: about(app)},
		}}}
	}
}

func port(p *corev1.Pod) {
	p.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 80, HostPort: 80}}
}

func important(p *corev1.Pod) { p.Spec.Priority = new(int32(1000)) }

func TestBudgets(t *testing.T) {
	f := three()
	f.Pods = core(api("api-1", "core-3", "1"), api("api-2", "core-1", "1"))
	f.Budgets = []*policyv1.PodDisruptionBudget{{
		ObjectMeta: metav1.ObjectMeta{Namespace: "polyaxon", Name: "api"}, Spec: policyv1.PodDisruptionBudgetSpec{Selector: about("api")},
		Status: policyv1.PodDisruptionBudgetStatus{CurrentHealthy: 2, DesiredHealthy: 2},
	}}
	r := drill.New(f).Lose([]string{"core-3"})
	if diff := cmp.Diff([]drill.Budget{{Namespace: "polyaxon", Name: "api", Asks: 2, Left: 1}}, r.Budgets); diff != "" || !r.Returns {
		t.Errorf("returns %v (-want +got)\n%s", r.Returns, diff)
	}
}

func TestSuccessor(t *testing.T) {
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "new"}}}
	live := api("db-1", "core-1", "1")
	for _, tc := range []struct {
		name       string
		kind       string
		controller any
		want       string
	}{
		{"a ReplicaSet's template", "ReplicaSet", &appsv1.ReplicaSet{Spec: appsv1.ReplicaSetSpec{Template: template}}, "new"},
		{"too many replicas", "ReplicaSet", &appsv1.ReplicaSet{Status: appsv1.ReplicaSetStatus{Replicas: 2}}, "its ReplicaSet asks for 1 pods, and has more"},
		{"scaled down", "StatefulSet", &appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{Replicas: new(int32(1))}}, "its StatefulSet asks for 1 pods, and has more"},
		{"a claim of its own", "StatefulSet", &appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{
			Template: template, Replicas: new(int32(2)), VolumeClaimTemplates: []corev1.PersistentVolumeClaim{{ObjectMeta: metav1.ObjectMeta{Name: "data"}}},
		}}, "new with claim data-db-1"},
		{"a Job's template", "Job", &batchv1.Job{Spec: batchv1.JobSpec{Template: template}}, "new"},
		{"a Job that has failed often enough", "Job", &batchv1.Job{Spec: batchv1.JobSpec{BackoffLimit: new(int32(0))}}, "its Job has used up its backoffLimit of 0"},
		{"going away", "ReplicaSet", &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &metav1.Time{}}}, "its ReplicaSet is being deleted"},
		{"an unknown controller", "Operation", nil, "api"},
		{"of its node", "DaemonSet", nil, "it belongs to its node"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			live.OwnerReferences[0].Kind = tc.kind
			next, got := drill.Successor(live, tc.controller)
			if next != nil {
				got = next.Labels["app"]
				for _, v := range next.Spec.Volumes {
					got += " with claim " + v.PersistentVolumeClaim.ClaimName
				}
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
