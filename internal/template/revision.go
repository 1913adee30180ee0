package template

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	kjson "sigs.k8s.io/json"
)

// A ControllerRevision holds an earlier template of a StatefulSet or DaemonSet, as a patch that is merged into the
// current one. kube-controller-manager reads what comes of that with encoding/json, which takes "Spec" and even "ſpec" for
// "spec". kubectl sends the patch to the API server, which does not. So data may hold one template for each of them.

// history is what the controllers write into a revision: a template that replaces the current one.
type history struct {
	Spec struct {
		Template struct {
			corev1.PodTemplateSpec `json:",inline"`

			Patch string `json:"$patch"`
		} `json:"template"`
	} `json:"spec"`
}

// revision is the template in a ControllerRevision as its controller reads it, whatever its shape. It is empty where
// there is none. The error says that it is too large.
func (o object) revision() ([]found, error) {
	data, ok := o["data"]
	if !ok {
		return nil, nil
	}
	written, err := json.Marshal(data) // a json.RawMessage stays as it is, with what it holds twice
	if err != nil {
		return nil, err
	}
	if len(written) > mostData {
		return nil, fmt.Errorf("has data of more than %d KiB", mostData>>10)
	}
	return []found{{[]any{"data", "spec", "template"}, loosely(written), inexact(written)}}, nil
}

// inexact is why not all readers of a revision see the same template; empty where they do.
func inexact(data []byte) string {
	var h history
	unlike, err := kjson.UnmarshalStrict(data, &h)
	switch {
	case err != nil:
		return "holds no pod template"
	case len(unlike) > 0:
		return "has " + unlike[0].Error()
	case h.Spec.Template.Patch != "replace":
		return `lacks "$patch": "replace" in spec.template`
	}
	return ""
}

// loosely is the template as encoding/json reads it: keys of any case, sorted as the merged patch is. What does not decode
// is left out, as its controller makes no pods of it.
func loosely(data []byte) map[string]any {
	var values any
	var h history
	if json.Unmarshal(data, &values) != nil {
		return nil
	}
	sorted, err := json.Marshal(values)
	if err != nil || json.Unmarshal(sorted, &h) != nil {
		return nil
	}
	read, err := json.Marshal(h.Spec.Template.PodTemplateSpec)
	if err != nil {
		return nil
	}
	var raw map[string]any
	if kjson.UnmarshalCaseSensitivePreserveInts(read, &raw) != nil {
		return nil
	}
	return raw
}
