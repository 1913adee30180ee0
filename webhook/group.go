package webhook

import (
	"maps"
	"slices"

	"github.com/polymoat/polymoat/internal/policy"
)

// classes are the PriorityClasses that are named anywhere in an object of policy.GroupAPI: its versions put groups of pods
// into each other, to any depth.
func classes(value any, at ...any) []policy.Class {
	var found []policy.Class
	switch value := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			here := append(slices.Clip(at), key)
			if name, ok := value[key].(string); ok && key == "priorityClassName" && name != "" {
				found = append(found, policy.Class{At: pathOf(here), Name: name})
			}
			found = append(found, classes(value[key], here...)...)
		}
	case []any:
		for i, item := range value {
			found = append(found, classes(item, append(slices.Clip(at), i)...)...)
		}
	}
	return found
}

// added are the classes that were not named in that place before.
func added(now, before []policy.Class) []policy.Class {
	return slices.DeleteFunc(now, func(c policy.Class) bool {
		return slices.ContainsFunc(before, func(b policy.Class) bool { return b.Name == c.Name && b.At.String() == c.At.String() })
	})
}
