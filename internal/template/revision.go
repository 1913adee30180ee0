package template

// A ControllerRevision holds an earlier template of a StatefulSet or DaemonSet, as a patch that its controller merges
// into the current one. Pods of a StatefulSet are made of what comes of that.

// revision finds the template in a ControllerRevision, whatever its shape: a patch needs no containers.
func (o object) revision() []found {
	at := []any{"data", "spec", "template"}
	value := any(map[string]any(o))
	for _, key := range at {
		mapping, _ := value.(map[string]any)
		value = mapping[key.(string)]
	}
	raw, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	return []found{{at, raw}}
}

// isPatch is true for a template that does not replace the one which it is merged into, as the controllers' own do.
func (o object) isPatch(t found) bool {
	return o.kind() == "ControllerRevision" && t.raw["$patch"] != "replace"
}
