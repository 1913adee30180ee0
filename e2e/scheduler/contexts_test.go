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

// TestPlacedPodsAreValid: a pod that the API server takes is one that it takes when it was placed and hardened, whatever
// security contexts the policy and the pod have.
func TestPlacedPodsAreValid(t *testing.T) {
	capabilities.Setup(true, 0)
	var p *policy.Policy
	taken := 0
	for seed := range uint64(10_000) {
		r := rand.New(rand.NewPCG(seed, 2))
		if seed%200 == 0 { // to load one takes long
			var err error
			if p, err = policy.New(policytest.Policy(r)); err != nil {
				t.Fatal(err)
			}
		}
		pod := policytest.Pod(r)
		if len(refusals(t, pod)) > 0 {
			continue
		}
		taken++
		placed := p.Mutate(policy.Request{Namespace: "polyaxon", Pod: pod}).Pod
		if placed == nil {
			continue
		}
		if errs := refusals(t, placed); len(errs) > 0 {
			t.Fatalf("seed %d: the API server refuses what was made of a pod that it takes: %v\nannotations %v", seed, errs, pod.Annotations)
		}
	}
	if taken < 1000 {
		t.Errorf("the API server takes only %d of the pods", taken)
	}
}

// refusals are what the API server has against the creation of a pod.
func refusals(t *testing.T, pod *corev1.Pod) []string {
	t.Helper()
	pod = pod.DeepCopy()
	corev1defaults.SetObjectDefaults_Pod(pod)
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			list[i].TerminationMessagePolicy = corev1.TerminationMessageReadFile
			list[i].SecurityContext = cmp.Or(list[i].SecurityContext, &corev1.SecurityContext{})
		}
	}
	var stored internal.Pod
	if err := corev1defaults.Convert_v1_Pod_To_core_Pod(pod, &stored, nil); err != nil {
		t.Fatal(err)
	}
	syncAppArmor(&stored)
	var texts []string
	for _, err := range validation.ValidatePodCreate(&stored, validation.PodValidationOptions{}) {
		texts = append(texts, err.Error())
	}
	return texts
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
