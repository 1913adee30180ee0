package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

func TestAnd(t *testing.T) {
	a, b, c, d := requires("a"), requires("b"), requires("c"), requires("d")
	for name, tc := range map[string]struct{ have, want, is []corev1.NodeSelectorTerm }{
		"into one term":                       {have: terms(a), want: terms(b), is: terms(both(a, b))},
		"into every term":                     {have: terms(a, b), want: terms(c), is: terms(both(a, c), both(b, c))},
		"every term with every term":          {have: terms(a, b), want: terms(c, d), is: terms(both(a, c), both(a, d), both(b, c), both(b, d))},
		"what is there already":               {have: terms(both(a, c), b), want: terms(c), is: terms(both(a, c), both(b, c))},
		"one of several terms suffices":       {have: terms(both(a, d)), want: terms(c, d), is: terms(both(a, d))},
		"a term without requirements is none": {have: terms(corev1.NodeSelectorTerm{}, a), want: terms(c), is: terms(corev1.NodeSelectorTerm{}, both(a, c))},
		"no terms select nothing":             {have: terms(), want: terms(c), is: nil},
	} {
		t.Run(name, func(t *testing.T) {
			want := &corev1.NodeSelector{NodeSelectorTerms: tc.want}
			got := and(&corev1.NodeSelector{NodeSelectorTerms: tc.have}, want)
			if diff := cmp.Diff(&corev1.NodeSelector{NodeSelectorTerms: tc.is}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(got, and(got, want)); diff != "" {
				t.Errorf("the second time differs (-first +second):\n%s", diff)
			}
		})
	}
	if diff := cmp.Diff(&corev1.NodeSelector{NodeSelectorTerms: terms(c)}, and(nil, &corev1.NodeSelector{NodeSelectorTerms: terms(c)})); diff != "" {
		t.Errorf("into nothing (-want +got):\n%s", diff)
	}
}

func terms(list ...corev1.NodeSelectorTerm) []corev1.NodeSelectorTerm { return list }

func requires(key string) corev1.NodeSelectorTerm {
	return corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: key, Operator: corev1.NodeSelectorOpExists}}}
}

func both(a, b corev1.NodeSelectorTerm) corev1.NodeSelectorTerm {
	return corev1.NodeSelectorTerm{MatchExpressions: append(append([]corev1.NodeSelectorRequirement{}, a.MatchExpressions...), b.MatchExpressions...)}
}
