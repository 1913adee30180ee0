package patch

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"pgregory.net/rapid"
	"sigs.k8s.io/json"
)

// unknown is a field of a future API, planted into every object of a pod.
const unknown = "fieldOfTheFuture"

// TestAnyChange: whatever becomes of the fields that polymoat may touch, the patched JSON decodes into the pod wanted.
func TestAnyChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := drawRaw(t)
		before := decode(t, raw)
		after := before.DeepCopy()
		after.Spec.NodeSelector = rapid.Make[map[string]string]().Draw(t, "nodeSelector")
		after.Spec.Tolerations = slices.Concat(rapid.Permutation(after.Spec.Tolerations).Draw(t, "kept"), drawSome[corev1.Toleration](t))
		if rapid.Bool().Draw(t, "other affinity") {
			after.Spec.Affinity = rapid.Make[*corev1.Affinity]().Draw(t, "affinity")
		}
		after.Spec.SecurityContext = rapid.Make[*corev1.PodSecurityContext]().Draw(t, "pod")
		for i := range after.Spec.Containers {
			after.Spec.Containers[i].SecurityContext = rapid.Make[*corev1.SecurityContext]().Draw(t, "container")
		}
		checkPatched(t, raw, before, after)
	})
}

// TestUnknownFieldsSurvive: what polymoat does (add, extend, fill in) leaves every unknown field where it was.
func TestUnknownFieldsSurvive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := drawRaw(t)
		before := decode(t, raw)
		after := before.DeepCopy()
		for key, value := range rapid.Make[map[string]string]().Draw(t, "nodeSelector") {
			if after.Spec.NodeSelector == nil {
				after.Spec.NodeSelector = map[string]string{}
			}
			after.Spec.NodeSelector[key] = value
		}
		after.Spec.Tolerations = append(after.Spec.Tolerations, drawSome[corev1.Toleration](t)...)
		extendAffinity(t, &after.Spec)
		if c := after.Spec.SecurityContext; c == nil || c.RunAsUser == nil {
			after.Spec.SecurityContext = fill(t, c, func(c, drawn *corev1.PodSecurityContext) { c.RunAsUser = drawn.RunAsUser })
		}
		for i := range after.Spec.Containers {
			c := &after.Spec.Containers[i].SecurityContext
			*c = fill(t, *c, func(c, drawn *corev1.SecurityContext) {
				c.RunAsNonRoot, c.ProcMount = drawn.RunAsNonRoot, drawn.ProcMount
				if c.Capabilities != nil {
					c.Capabilities.Drop = append(c.Capabilities.Drop, "ALL")
				}
			})
		}
		patched := checkPatched(t, raw, before, after)
		var was, is any
		if err := json.UnmarshalCaseSensitivePreserveInts(raw, &was); err != nil {
			t.Fatal(err)
		}
		if err := json.UnmarshalCaseSensitivePreserveInts(patched, &is); err != nil {
			t.Fatal(err)
		}
		checkPlanted(t, "", was, is)
	})
}

func checkPatched(t *rapid.T, raw []byte, before, after *corev1.Pod) []byte {
	t.Helper()
	kept := before.DeepCopy()
	text := textOf(t, before, after)
	if !apiequality.Semantic.DeepEqual(kept, before) {
		t.Fatal("Operations modified before")
	}
	if again := textOf(t, before, after); !bytes.Equal(text, again) {
		t.Fatal("the same change gave another patch")
	}
	patched := raw
	if text != nil {
		patched = apply(t, raw, text)
	}
	if got := decode(t, patched); !apiequality.Semantic.DeepEqual(got, after) {
		t.Fatalf("raw %s\npatch %s\n(-want +got):\n%s", raw, text, cmp.Diff(after, got))
	}
	return patched
}

// drawRaw is the JSON of a pod: random in the fields that polymoat may touch, unknown fields everywhere, and null or an
// empty value where a field could also have been left out.
func drawRaw(t *rapid.T) []byte {
	pod := &corev1.Pod{Spec: corev1.PodSpec{
		NodeSelector:    rapid.Make[map[string]string]().Draw(t, "nodeSelector"),
		Tolerations:     drawSome[corev1.Toleration](t),
		Affinity:        rapid.Make[*corev1.Affinity]().Draw(t, "affinity"),
		SecurityContext: rapid.Make[*corev1.PodSecurityContext]().Draw(t, "security context"),
		Containers:      []corev1.Container{{Name: "a"}, {Name: "b"}},
	}}
	pod.Spec.Containers[0].SecurityContext = rapid.Make[*corev1.SecurityContext]().Draw(t, "container")
	var tree map[string]any
	if err := json.UnmarshalCaseSensitivePreserveInts(encode(t, pod), &tree); err != nil {
		t.Fatal(err)
	}
	spec := tree["spec"].(map[string]any)
	for _, field := range []string{"nodeSelector", "tolerations", "affinity", "securityContext"} {
		if _, ok := spec[field]; ok {
			continue
		}
		empty := any(map[string]any{})
		if field == "tolerations" {
			empty = []any{}
		}
		if rapid.Bool().Draw(t, "not left out") {
			spec[field] = rapid.SampledFrom([]any{nil, empty}).Draw(t, field)
		}
	}
	plant(tree)
	return encode(t, tree)
}

func plant(value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, member := range v {
			if key != "nodeSelector" && key != "matchLabels" { // string maps: any key in them is known
				plant(member)
			}
		}
		v[unknown] = map[string]any{"kept": true}
	case []any:
		for _, element := range v {
			plant(element)
		}
	}
}

func checkPlanted(t *rapid.T, path string, was, is any) {
	switch was := was.(type) {
	case map[string]any:
		now, ok := is.(map[string]any)
		if !ok && was[unknown] != nil {
			t.Fatalf("the object at %s is gone", path)
		}
		if was[unknown] != nil && now[unknown] == nil {
			t.Fatalf("the unknown field at %s is gone", path)
		}
		for key, member := range was {
			checkPlanted(t, path+"/"+key, member, now[key])
		}
	case []any:
		now, _ := is.([]any)
		for i, element := range was {
			if i >= len(now) {
				t.Fatalf("element %d of %s is gone", i, path)
			}
			checkPlanted(t, path+"/-", element, now[i])
		}
	}
}

func drawSome[T any](t *rapid.T) []T {
	return rapid.SliceOfN(rapid.Make[T](), 0, 3).Draw(t, "some")
}

// fill is a copy of c with some nil fields set, or something new where there was nothing.
func fill[T any](t *rapid.T, c *T, set func(c, drawn *T)) *T {
	drawn := rapid.Make[T]().Draw(t, "fill")
	if c == nil {
		return &drawn
	}
	filled := *c
	set(&filled, &drawn)
	return &filled
}

func extendAffinity(t *rapid.T, spec *corev1.PodSpec) {
	if spec.Affinity == nil || spec.Affinity.NodeAffinity == nil {
		return
	}
	required := spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if required == nil {
		return
	}
	for i := range required.NodeSelectorTerms {
		term := &required.NodeSelectorTerms[i]
		term.MatchExpressions = append(term.MatchExpressions, drawSome[corev1.NodeSelectorRequirement](t)...)
	}
}
