package template

// bytesOf is about how long the pods of the templates are in all. It stops to count where they are too long.
func (o object) bytesOf(all []found) int {
	n := 0
	if o.copiesMetadata() {
		metadata, _ := o["metadata"].(map[string]any)
		for _, key := range []string{"labels", "annotations"} {
			n += len(all) * bytesOf(metadata[key])
		}
	}
	for _, t := range all {
		if n += bytesOf(t.raw); n > mostBytes {
			break
		}
	}
	return n
}

// bytesOf is about how long a JSON value is as text.
func bytesOf(value any) int {
	n := 2
	switch value := value.(type) {
	case map[string]any:
		for key, item := range value {
			n += len(key) + bytesOf(item)
		}
	case []any:
		for _, item := range value {
			n += bytesOf(item)
		}
	case string:
		n += len(value)
	}
	return n
}
