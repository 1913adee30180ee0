package landing

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestTolerating(t *testing.T) {
	cpu := corev1.Taint{Key: "cpu", Value: "5", Effect: corev1.TaintEffectNoExecute}
	seconds := int64(1)
	tests := map[string]struct {
		tolerations []corev1.Toleration
		taint       corev1.Taint
		want        int
	}{
		"none":                               {nil, taint, -1},
		"equal":                              {[]corev1.Toleration{{Key: "polyaxon", Operator: "Equal", Value: "core"}}, taint, 0},
		"another value":                      {[]corev1.Toleration{{Key: "polyaxon", Operator: "Equal", Value: "jobs"}}, taint, -1},
		"no operator is Equal":               {[]corev1.Toleration{{Key: "polyaxon", Value: "core"}}, taint, 0},
		"exists":                             {[]corev1.Toleration{{Key: "polyaxon", Operator: "Exists"}}, taint, 0},
		"another key":                        {[]corev1.Toleration{{Key: "other", Operator: "Exists"}}, taint, -1},
		"no key tolerates every key":         {[]corev1.Toleration{{Operator: "Exists"}}, taint, 0},
		"no key and Equal compares values":   {[]corev1.Toleration{{Operator: "Equal", Value: "core"}}, taint, 0},
		"the same effect":                    {[]corev1.Toleration{{Key: "polyaxon", Operator: "Exists", Effect: "NoSchedule"}}, taint, 0},
		"another effect":                     {[]corev1.Toleration{{Key: "polyaxon", Operator: "Exists", Effect: "NoExecute"}}, taint, -1},
		"a second is long enough":            {[]corev1.Toleration{{Key: "cpu", Operator: "Exists", Effect: "NoExecute", TolerationSeconds: &seconds}}, cpu, 0},
		"less than six":                      {[]corev1.Toleration{{Key: "cpu", Operator: "Lt", Value: "6"}}, cpu, 0},
		"less than five":                     {[]corev1.Toleration{{Key: "cpu", Operator: "Lt", Value: "5"}}, cpu, -1},
		"greater than minus one":             {[]corev1.Toleration{{Key: "cpu", Operator: "Gt", Value: "-1"}}, cpu, 0},
		"greater than a spelling with zeros": {[]corev1.Toleration{{Key: "cpu", Operator: "Gt", Value: "01"}}, cpu, -1},
		"less than text":                     {[]corev1.Toleration{{Key: "cpu", Operator: "Lt", Value: "x"}}, cpu, -1},
		"a text less than a number":          {[]corev1.Toleration{{Key: "polyaxon", Operator: "Lt", Value: "6"}}, taint, -1},
		"an unknown operator":                {[]corev1.Toleration{{Key: "polyaxon", Operator: "Like", Value: "core"}}, taint, -1},
		"the first that tolerates counts":    {[]corev1.Toleration{{Key: "x"}, {Operator: "Exists"}, {Key: "polyaxon", Value: "core"}}, taint, 1},
	}
	for phrase, tc := range tests {
		t.Run(phrase, func(t *testing.T) {
			if got := Tolerating(tc.tolerations, &tc.taint); got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
}

func TestRepels(t *testing.T) {
	for effect, want := range map[corev1.TaintEffect]bool{
		"NoSchedule": true, "NoExecute": true, "PreferNoSchedule": false, "": false,
	} {
		if got := Repels(&corev1.Taint{Key: "a", Effect: effect}); got != want {
			t.Errorf("Repels(%q): got %v, want %v", effect, got, want)
		}
	}
}
