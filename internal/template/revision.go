package template

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

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
	var values any
	if json.Unmarshal(written, &values) != nil {
		values = nil
	}
	read := loosely(values)
	return []found{{[]any{"data", "spec", "template"}, read, inexact(written), hidden(values, read != nil)}}, nil
}

// hidden is how the data may become another template than the one that loosely reads: it is a patch, in which null and
// directives take away what stands beside them, and its controller takes a key of any case. It is empty where it cannot.
func hidden(value any, decodes bool) string {
	path := ""
	for _, key := range []string{"spec", "template", "metadata", "labels", ""} {
		mapping, ok := value.(map[string]any)
		if !ok {
			break
		}
		for _, k := range slices.Sorted(maps.Keys(mapping)) {
			switch replaces := key == "metadata" && k == "$patch" && mapping[k] == "replace"; {
			case strings.HasPrefix(k, "$") && !replaces:
				return fmt.Sprintf("has the directive %q in %s", k, cmp.Or(path, "data"))
			case mapping[k] == nil && (key == "" || folded(k) == folded(key)):
				return fmt.Sprintf("holds null in %s", cmp.Or(path, "data"))
			case k != key && folded(k) == folded(key):
				return fmt.Sprintf("has %q beside or in place of %q in %s", k, key, cmp.Or(path, "data"))
			}
		}
		value, path = mapping[key], strings.TrimPrefix(path+"."+key, ".")
		if _, isTemplate := value.(map[string]any); key == "template" && isTemplate && !decodes {
			return "has a spec.template that does not decode"
		}
	}
	return ""
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
func loosely(values any) map[string]any {
	var h history
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
