package print

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWrap(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string
	}{
		"empty":           {"", []string{""}},
		"fits exactly":    {"12345 7890", []string{"12345 7890"}},
		"one too many":    {"12345 78901", []string{"12345", "78901"}},
		"long word":       {"a 123456789012 b", []string{"a", "123456789012", "b"}},
		"counts runes":    {"äöüäö üäöü", []string{"äöüäö üäöü"}},
		"newlines vanish": {"a\nb", []string{"a b"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Wrap(tc.text, 10)); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}
