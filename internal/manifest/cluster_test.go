package manifest

import "testing"

// An object of a cluster has no file and no line: its name stands for them in messages.
func TestFromCluster(t *testing.T) {
	o := FromCluster("operation.core.polyaxon.com/train", map[string]any{
		"apiVersion": "core.polyaxon.com/v1", "kind": "Operation", "metadata": map[string]any{"name": "train"},
		"batchJobSpec": map[string]any{"template": map[string]any{"spec": map[string]any{"containers": []any{}, "nodeSelector": "core"}}},
	})
	_, errs := Pods(o)
	want := "operation.core.polyaxon.com/train: batchJobSpec.template.spec.nodeSelector must be a mapping, not the string \"core\""
	if len(errs) != 1 || errs[0].Error() != want {
		t.Errorf("errors %v, want %s", errs, want)
	}
	for _, got := range []string{o.Title(), o.Place()} {
		if got != "operation.core.polyaxon.com/train" {
			t.Errorf("named %q", got)
		}
	}
	if got := o.Errorf("is %s", "odd").Error(); got != "operation.core.polyaxon.com/train: is odd" {
		t.Errorf("error %q", got)
	}
}
