package certs

import (
	"errors"
	"fmt"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestAllConflicts(t *testing.T) {
	conflict := fmt.Errorf("write: %w", apierrors.NewConflict(schema.GroupResource{}, "polymoat", errors.New("it has changed")))
	for name, tc := range map[string]struct {
		err  error
		want bool
	}{
		"no mistake":               {nil, true},
		"one conflict":             {errors.Join(conflict), true},
		"two":                      {errors.Join(conflict, conflict), true},
		"a conflict and another":   {errors.Join(conflict, errors.New("forbidden")), false},
		"another, and no conflict": {errors.Join(errors.New("forbidden")), false},
	} {
		if got := allConflicts(tc.err); got != tc.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
