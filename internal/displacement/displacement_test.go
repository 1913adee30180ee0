package displacement_test

import (
	"math"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/displacement"
	"github.com/polymoat/polymoat/internal/landing"
)

var (
	coreTaint = corev1.Taint{Key: "polyaxon", Value: "core", Effect: corev1.TaintEffectNoSchedule}
	corePool  = landing.Pool{Key: "polyaxon", Value: "core", Taints: []corev1.Taint{coreTaint}}
	expPool   = landing.Pool{Key: "polyaxon", Value: "experiments"}
	api       = displacement.Core{Name: "api", Labels: map[string]string{"app": "api", "tier": "core"}, Claims: []string{"state", "data-redis-*"}}
)

// TestSpares: only a higher priority evicts.
func TestSpares(t *testing.T) {
	for _, tc := range []struct {
		preemptor displacement.Preemptor
		core      int32
		want      bool
	}{
		{displacement.Preemptor{}, 0, true},
		{displacement.Preemptor{Priority: 1}, 0, false},
		{displacement.Preemptor{Priority: 1, Never: true}, 0, true},
		{displacement.Preemptor{Priority: math.MaxInt32}, math.MaxInt32, true},
		{displacement.Preemptor{Priority: -1}, math.MinInt32, false},
	} {
		if got := tc.preemptor.Spares(tc.core); got != tc.want {
			t.Errorf("%+v spares %d: %v", tc.preemptor, tc.core, got)
		}
	}
}

func selecting(labels ...string) *metav1.LabelSelector {
	s := &metav1.LabelSelector{MatchLabels: map[string]string{}}
	for i := 0; i < len(labels); i += 2 {
		s.MatchLabels[labels[i]] = labels[i+1]
	}
	return s
}

func spreading(change func(*corev1.TopologySpreadConstraint)) func(*corev1.PodSpec) {
	return func(spec *corev1.PodSpec) {
		c := corev1.TopologySpreadConstraint{
			MaxSkew: 1, TopologyKey: "zone", WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: selecting("app", "api"),
			NodeAffinityPolicy: ptr.To(corev1.NodeInclusionPolicyIgnore), MinDomains: new(int32(9)),
		}
		change(&c)
		spec.TopologySpreadConstraints = append(spec.TopologySpreadConstraints, c)
	}
}

func near(key string, selector *metav1.LabelSelector) func(*corev1.PodSpec) {
	return func(spec *corev1.PodSpec) {
		spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{
			{TopologyKey: key, LabelSelector: selector},
		}}}
	}
}

func away(key string, selector *metav1.LabelSelector) func(*corev1.PodSpec) {
	return func(spec *corev1.PodSpec) {
		spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{
			{TopologyKey: key, LabelSelector: selector},
		}}}
	}
}

func claiming(name string) func(*corev1.PodSpec) {
	return func(spec *corev1.PodSpec) {
		spec.Volumes = []corev1.Volume{{VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name}}}}
	}
}

// TestFind: which fields need core gone, and how many core pods it takes.
func TestFind(t *testing.T) {
	exists := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: metav1.LabelSelectorOpExists}}}
	const spread = "spec.topologySpreadConstraints[0]"
	for name, tc := range map[string]struct {
		change   func(*corev1.PodSpec)
		want     string
		replicas int
	}{
		"nothing":                       {func(*corev1.PodSpec) {}, "", 0},
		"a spread over core":            {spreading(func(*corev1.TopologySpreadConstraint) {}), spread, 2},
		"a wider one":                   {spreading(func(c *corev1.TopologySpreadConstraint) { c.MaxSkew = 5 }), spread, 6},
		"over itself and core":          {spreading(func(c *corev1.TopologySpreadConstraint) { c.LabelSelector = exists }), spread, 1},
		"over others":                   {spreading(func(c *corev1.TopologySpreadConstraint) { c.LabelSelector = selecting("app", "train") }), "", 0},
		"over core of the same version": {spreading(func(c *corev1.TopologySpreadConstraint) { c.MatchLabelKeys = []string{"app"} }), "", 0},
		"as good as it goes":            {spreading(func(c *corev1.TopologySpreadConstraint) { c.WhenUnsatisfiable = corev1.ScheduleAnyway }), "", 0},
		"over nodes of its own":         {spreading(func(c *corev1.TopologySpreadConstraint) { c.NodeAffinityPolicy = nil }), "", 0},
		"over nodes it tolerates":       {spreading(func(c *corev1.TopologySpreadConstraint) { c.NodeTaintsPolicy = ptr.To(corev1.NodeInclusionPolicyHonor) }), "", 0},
		"over nodes":                    {spreading(func(c *corev1.TopologySpreadConstraint) { c.TopologyKey = corev1.LabelHostname }), "", 0},
		"with few domains":              {spreading(func(c *corev1.TopologySpreadConstraint) { c.MinDomains = nil }), spread, 2},
		"affinity that both meet":       {near("zone", exists), "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]", 1},
		"of one node":                   {near(corev1.LabelHostname, exists), "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]", 1},
		"affinity to core alone":        {near("zone", selecting("app", "api")), "", 0},
		"anti-affinity to core":         {away("zone", selecting("tier", "core")), "spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]", 1},
		"on one node":                   {away(corev1.LabelHostname, selecting("tier", "core")), "", 0},
		"a claim of core":               {claiming("state"), "spec.volumes[0].persistentVolumeClaim.claimName", 1},
		"one of a StatefulSet":          {claiming("data-redis-0"), "spec.volumes[0].persistentVolumeClaim.claimName", 1},
		"one like it":                   {claiming("data-redis-mine"), "", 0},
		"a host port": {func(s *corev1.PodSpec) {
			s.Containers = []corev1.Container{{Ports: []corev1.ContainerPort{{HostPort: 8000, ContainerPort: 8000}}}}
		}, "", 0},
		"a spread, on nodes that cannot be": {func(s *corev1.PodSpec) {
			spreading(func(*corev1.TopologySpreadConstraint) {})(s)
			s.NodeSelector["polyaxon"] = "nowhere"
		}, "", 0},
	} {
		spec := &corev1.PodSpec{NodeSelector: map[string]string{"polyaxon": "experiments"}}
		tc.change(spec)
		run := displacement.Run{Namespace: "polyaxon", Labels: map[string]string{"app": "train"}, Spec: spec, Own: []landing.Pool{expPool}}
		w, found := displacement.Find(run, []displacement.Core{api}, []landing.Pool{corePool})
		if found != (tc.want != "") || found && (w.Field.String() != tc.want || w.Replicas != tc.replicas) {
			t.Errorf("%s: %v with %d core pods; want %q with %d", name, w.Field, w.Replicas, tc.want, tc.replicas)
		}
		if found && (!landing.Lands(landing.Of(spec), w.RunNode) || landing.Lands(landing.Of(spec), w.CoreNode) || w.RunNode.Name == w.CoreNode.Name) {
			t.Errorf("%s: the run goes to %s, and core is on %s", name, w.RunNode, w.CoreNode)
		}
	}
}
