package scheduler

import (
	"cmp"
	"math/rand/v2"
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
	podutil "k8s.io/kubernetes/pkg/api/pod"
	internal "k8s.io/kubernetes/pkg/apis/core"
	corev1defaults "k8s.io/kubernetes/pkg/apis/core/v1"
	"k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/capabilities"

	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/policy/policytest"
)

// TestPlacedPodsAreValidAndStay: a pod that the API server takes is one that it takes when it was placed and hardened,
// whatever defaults, roles and overrides the policy and the pod have; and asked again, as the API server does, polymoat
// changes nothing of what it has stored.
func TestPlacedPodsAreValidAndStay(t *testing.T) {
	capabilities.Setup(true, 0)
	var p *policy.Policy
	taken, changed := 0, 0
	for seed := range uint64(10_000) {
		r := rand.New(rand.NewPCG(seed, 2))
		if seed%200 == 0 { // to load one takes long
			var err error
			if p, err = policy.New(policytest.Policy(r)); err != nil {
				t.Fatal(err)
			}
		}
		pod, refusals := stored(t, policytest.Pod(r))
		if len(refusals) > 0 {
			continue
		}
		taken++
		placed := p.Mutate(policy.Request{Namespace: "polyaxon", Pod: pod}).Pod
		if placed == nil {
			continue
		}
		changed++
		if placed, refusals = stored(t, placed); len(refusals) > 0 {
			t.Fatalf("seed %d: the API server refuses what was made of a pod that it takes: %v\nannotations %v", seed, refusals, pod.Annotations)
		}
		if again := p.Mutate(policy.Request{Namespace: "polyaxon", Pod: placed}); again.Pod != nil {
			t.Fatalf("seed %d: mutated again, %v change", seed, again.Changes)
		}
	}
	if taken < 2000 || changed < taken*9/10 {
		t.Errorf("the API server takes only %d of the pods, of which polymoat changes %d", taken, changed)
	}
}

// stored is what the API server would store of a pod, and what it has against the creation.
func stored(t *testing.T, pod *corev1.Pod) (*corev1.Pod, []string) {
	t.Helper()
	pod = pod.DeepCopy()
	corev1defaults.SetObjectDefaults_Pod(pod)
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			list[i].TerminationMessagePolicy = corev1.TerminationMessageReadFile
			list[i].SecurityContext = cmp.Or(list[i].SecurityContext, &corev1.SecurityContext{})
		}
	}
	var internally internal.Pod
	if err := corev1defaults.Convert_v1_Pod_To_core_Pod(pod, &internally, nil); err != nil {
		t.Fatal(err)
	}
	syncAppArmor(&internally)
	var texts []string
	for _, err := range validation.ValidatePodCreate(&internally, validation.PodValidationOptions{}) {
		texts = append(texts, err.Error())
	}
	var again corev1.Pod
	if err := corev1defaults.Convert_core_Pod_To_v1_Pod(&internally, &again, nil); err != nil {
		t.Fatal(err)
	}
	return &again, texts
}

// syncAppArmor is what the API server does with the annotations about AppArmor before it validates a pod.
func syncAppArmor(pod *internal.Pod) {
	if pod.Spec.OS != nil && pod.Spec.OS.Name == internal.Windows {
		return
	}
	podutil.VisitContainers(&pod.Spec, podutil.AllContainers, func(c *internal.Container, _ podutil.ContainerType) bool {
		annotation, annotated := pod.Annotations[internal.DeprecatedAppArmorAnnotationKeyPrefix+c.Name]
		field := podutil.ApparmorFieldForAnnotation(annotation)
		if annotated && field != nil && len(validation.ValidateAppArmorProfileField(field, nil)) == 0 && c.SecurityContext.AppArmorProfile == nil &&
			(pod.Spec.SecurityContext.AppArmorProfile == nil || !reflect.DeepEqual(field, pod.Spec.SecurityContext.AppArmorProfile)) {
			c.SecurityContext.AppArmorProfile = field
		}
		return true
	})
}
