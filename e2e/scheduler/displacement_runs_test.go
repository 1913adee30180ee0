package scheduler

import (
	"cmp"
	"fmt"
	"math/rand/v2"

	corev1 "k8s.io/api/core/v1"
	schedulingv1alpha3 "k8s.io/api/scheduling/v1alpha3"
	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func runLabels(app string) map[string]string {
	return map[string]string{"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-jobs", "app": app}
}

// generateRun adds what a tenant asks for: it is on its own pool, as polymoat places it. A pod may have a lower priority
// than its group, or the group than what it is part of.
func (c *scene) generateRun(r *rand.Rand) {
	class := one(r, "", "", "", "low", "batch", "batch", "urgent", "patient")
	for i := range 1 + r.IntN(3) {
		pod := c.pod(fmt.Sprintf("run-%d", i), runLabels("run"), class)
		pod.Spec.NodeSelector = map[string]string{"polyaxon": "experiments"}
		pod.Spec.Tolerations = []corev1.Toleration{{Key: "polyaxon", Value: "experiments", Operator: corev1.TolerationOpEqual}}
		if i > 0 && r.IntN(4) > 0 { // most groups are of pods that ask for the same
			pod.Spec = *c.run.pods[0].Spec.DeepCopy()
		} else {
			ask(r, pod)
		}
		c.run.pods = append(c.run.pods, pod)
	}
	if r.IntN(6) > 0 {
		c.group(r, one(r, class, class, one(r, "", "", "low", "batch", "urgent", "patient")))
	} else {
		c.run.pods = c.run.pods[:1]
	}
}

// group puts the pods of the run into a group of that class, and the group perhaps into another one.
func (c *scene) group(r *rand.Rand, class string) {
	name := "train"
	class = cmp.Or(class, c.standard)
	for _, pod := range c.run.pods {
		pod.Spec.SchedulingGroup = &corev1.PodSchedulingGroup{PodGroupName: &name}
	}
	c.run.gang = r.IntN(2) == 0
	g := &schedulingv1beta1.PodGroup{ObjectMeta: metav1.ObjectMeta{Namespace: "polyaxon", Name: name, UID: "train"}}
	g.Spec.PriorityClassName, g.Spec.Priority = class, new(c.classes[class].Value)
	if c.classes[class].Never {
		g.Spec.PreemptionPolicy = ptr.To(schedulingv1beta1.PreemptNever)
	}
	c.run.group = g
	if r.IntN(3) > 0 {
		return
	}
	class = cmp.Or(one(r, class, class, "", "low", "batch", "urgent", "patient"), c.standard)
	parent := &schedulingv1alpha3.CompositePodGroup{ObjectMeta: metav1.ObjectMeta{Namespace: "polyaxon", Name: "trains", UID: "trains"}}
	parent.Spec.PriorityClassName, parent.Spec.Priority = class, new(c.classes[class].Value)
	if c.classes[class].Never {
		parent.Spec.PreemptionPolicy = ptr.To(schedulingv1alpha3.PreemptNever)
	}
	g.Spec.ParentCompositePodGroupName = &parent.Name
	c.run.composite = parent
}

// ask adds what may need core gone, and what never does.
func ask(r *rand.Rand, p *corev1.Pod) {
	for range one(r, 1, 1, 2, 3) {
		one(r, spreading, spreading, spreading, spreading, spreading, near, near, near, apart, hungry, claimingSome, porting)(r, p)
	}
}

func selector(r *rand.Rand) *metav1.LabelSelector {
	return one(r,
		&metav1.LabelSelector{MatchLabels: map[string]string{"app": "api"}},
		&metav1.LabelSelector{MatchLabels: map[string]string{"app": "run"}},
		&metav1.LabelSelector{MatchLabels: map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"}},
		&metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: metav1.LabelSelectorOpExists}}},
		&metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: metav1.LabelSelectorOpNotIn, Values: []string{"run"}}}},
		&metav1.LabelSelector{})
}

func spreading(r *rand.Rand, p *corev1.Pod) {
	c := corev1.TopologySpreadConstraint{
		MaxSkew: int32(1 + r.IntN(2)), TopologyKey: one(r, "zone", "zone", corev1.LabelHostname, "polyaxon"), LabelSelector: selector(r),
		WhenUnsatisfiable: one(r, corev1.DoNotSchedule, corev1.DoNotSchedule, corev1.ScheduleAnyway),
	}
	inclusion := []*corev1.NodeInclusionPolicy{nil, ptr.To(corev1.NodeInclusionPolicyIgnore), ptr.To(corev1.NodeInclusionPolicyHonor)}
	c.NodeAffinityPolicy, c.NodeTaintsPolicy = one(r, inclusion...), one(r, inclusion...)
	if c.WhenUnsatisfiable == corev1.DoNotSchedule {
		c.MinDomains = one(r, nil, new(int32(1)), new(int32(2)), new(int32(9)))
	}
	if r.IntN(5) == 0 && c.LabelSelector != nil {
		c.MatchLabelKeys = []string{"app.kubernetes.io/component"}
	}
	p.Spec.TopologySpreadConstraints = append(p.Spec.TopologySpreadConstraints, c)
}

func term(r *rand.Rand) corev1.PodAffinityTerm {
	return corev1.PodAffinityTerm{TopologyKey: one(r, "zone", corev1.LabelHostname, "polyaxon"), LabelSelector: selector(r)}
}

func near(r *rand.Rand, p *corev1.Pod) {
	affinity(p)
	p.Spec.Affinity.PodAffinity = &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{term(r)}}
}

func apart(r *rand.Rand, p *corev1.Pod) {
	affinity(p)
	p.Spec.Affinity.PodAntiAffinity = &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{term(r)}}
}

func affinity(p *corev1.Pod) {
	if p.Spec.Affinity == nil {
		p.Spec.Affinity = &corev1.Affinity{}
	}
}

func hungry(r *rand.Rand, p *corev1.Pod) {
	p.Spec.Containers[0].Resources.Requests[corev1.ResourceCPU] = *resource.NewQuantity(int64(1+r.IntN(4)), resource.DecimalSI)
}

func claimingSome(_ *rand.Rand, p *corev1.Pod) { claiming(p) }

func claiming(p *corev1.Pod) {
	p.Spec.Volumes = []corev1.Volume{{Name: "state", VolumeSource: corev1.VolumeSource{
		PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "state"},
	}}}
}

func porting(_ *rand.Rand, p *corev1.Pod) {
	p.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 8000, HostPort: 8000, Protocol: corev1.ProtocolTCP}}
}
