package siege

import (
	"encoding/json"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// large is more text than any pod needs: most of what an API server takes in one request.
const large = 2 << 20

// target is what the placeholders of attacks stand for. What is not there is empty.
type target struct {
	namespace, node, release        string
	key, value                      string
	tolerations                     []corev1.Toleration
	run, waiting, core, freed       string
	account, path                   string
	service, deployment, replicaSet map[string]string
	statefulSet                     map[string]string
}

// names are the placeholders of plain text.
func (t target) names() map[string]string {
	return map[string]string{
		"$namespace": t.namespace, "$node": t.node, "$release": t.release, "$key": t.key, "$value": t.value,
		"$run": t.run, "$waiting": t.waiting, "$core": t.core, "$free": t.freed, "$account": t.account, "$path": t.path,
	}
}

// labels are the placeholders of labels.
func (t target) labels() map[string]map[string]string {
	return map[string]map[string]string{
		"$service": t.service, "$deployment": t.deployment, "$replicaset": t.replicaSet, "$statefulset": t.statefulSet,
	}
}

// absent says of what may be missing how it is called.
var absent = []struct{ placeholder, what string }{
	{"$run", "there is no run to try it on"},
	{"$waiting", "there is no run without a node to try it on"},
	{"$core", "there is no core pod to try it on"},
	{"$account", "no service account is trusted"},
	{"$path", "jobs may mount no host path"},
	{"$service", "no Service of core is seen"},
	{"$deployment", "no Deployment of core is seen"},
	{"$replicaset", "no ReplicaSet of core is seen"},
	{"$statefulset", "no StatefulSet of core is seen"},
}

// missing says what the request needs and is not there; empty where nothing is missing.
func (t target) missing(r Request) string {
	text := r.Create + r.Patch + r.Delete + string(r.Body)
	names, labels := t.names(), t.labels()
	for _, a := range absent {
		if strings.Contains(text, a.placeholder) && names[a.placeholder] == "" && len(labels[a.placeholder]) == 0 {
			return a.what
		}
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
	for placeholder, value := range t.names() {
		quoted, err := json.Marshal(value)
		if err != nil {
			return "", err
		}
		pairs = append(pairs, placeholder, strings.Trim(string(quoted), `"`))
	}
	for placeholder, labels := range t.labels() {
		object, err := json.Marshal(labels)
		if err != nil {
			return "", err
		}
		pairs = append(pairs, `"`+placeholder+`":""`, strings.Trim(string(object), "{}"))
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
