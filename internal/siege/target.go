package siege

import (
	"encoding/json"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// large is more text than any pod needs: most of what an API server takes in one request.
const large = 2 << 20

// target is what the placeholders of attacks stand for. A pod that is not there leaves its name empty.
type target struct {
	namespace, node  string
	key, value       string
	tolerations      []corev1.Toleration
	run, core, freed string
}

// missing is the pod that the request needs and that is not there; empty where there is none.
func (t target) missing(r Request) string {
	text := r.Patch + string(r.Body)
	switch {
	case t.run == "" && strings.Contains(text, "$run"):
		return "there is no run to try it on"
	case t.core == "" && strings.Contains(text, "$core"):
		return "there is no core pod to try it on"
	}
	return ""
}

// fill puts values in the place of placeholders, in a path or in JSON.
func (t target) fill(text string) (string, error) {
	tolerations, err := json.Marshal(t.tolerations)
	if err != nil {
		return "", err
	}
	pairs := []string{`"$tolerations"`, string(tolerations), "$large", strings.Repeat("siege 42", large/8)}
	for placeholder, value := range map[string]string{
		"$namespace": t.namespace, "$node": t.node, "$key": t.key, "$value": t.value, "$run": t.run, "$core": t.core, "$free": t.freed,
	} {
		quoted, err := json.Marshal(value)
		if err != nil {
			return "", err
		}
		pairs = append(pairs, placeholder, strings.Trim(string(quoted), `"`))
	}
	return strings.NewReplacer(pairs...).Replace(text), nil
}

// tolerationsOf tolerate every taint, exactly.
func tolerationsOf(taints []corev1.Taint) []corev1.Toleration {
	list := []corev1.Toleration{}
	for _, taint := range taints {
		list = append(list, corev1.Toleration{Key: taint.Key, Operator: corev1.TolerationOpEqual, Value: taint.Value, Effect: taint.Effect})
	}
	return list
}

// dress gives a pod that is to be created what every pod needs: a name and a container.
func dress(body string) (string, error) {
	var pod map[string]any
	if err := json.Unmarshal([]byte(body), &pod); err != nil {
		return "", err
	}
	metadata, spec := member(pod, "metadata"), member(pod, "spec")
	if metadata["name"] == nil && metadata["generateName"] == nil {
		metadata["generateName"] = "siege-"
	}
	if spec["containers"] == nil {
		spec["containers"] = []any{map[string]any{"name": "main", "image": "busybox"}}
	}
	dressed, err := json.Marshal(pod)
	return string(dressed), err
}

// member is a mapping inside another, made where there is none.
func member(of map[string]any, key string) map[string]any {
	found, ok := of[key].(map[string]any)
	if !ok {
		found = map[string]any{}
		of[key] = found
	}
	return found
}
