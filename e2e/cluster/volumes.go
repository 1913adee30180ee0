package cluster

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// claims are the volume claims that pods of Polyaxon's charts and runs name: the scheduler binds no pod whose claim is
// not there. 0.x has one for each kind of data, later versions an artifacts store.
var claims = []string{
	"polyaxon-artifacts",
	"polyaxon-pvc-data", "polyaxon-pvc-outputs", "polyaxon-pvc-logs", "polyaxon-pvc-repos", "polyaxon-pvc-upload",
	"redis-data-polyaxon-redis-master-0",
}

// volume is a claim in Polyaxon's namespace and the volume that it is bound to. Nothing is ever mounted.
func volume(name string) []*unstructured.Unstructured {
	claim := object("PersistentVolumeClaim", name, map[string]any{
		"accessModes":      []any{"ReadWriteMany"},
		"storageClassName": "",
		"volumeName":       name,
		"resources":        map[string]any{"requests": map[string]any{"storage": "1Ti"}},
	})
	claim.SetNamespace(Namespace)
	return []*unstructured.Unstructured{claim, object("PersistentVolume", name, map[string]any{
		"capacity":         map[string]any{"storage": "1Ti"},
		"accessModes":      []any{"ReadWriteMany"},
		"storageClassName": "",
		"claimRef":         map[string]any{"namespace": Namespace, "name": name},
		"nfs":              map[string]any{"server": "nfs.example.com", "path": "/" + name},
	})}
}

func object(kind, name string, spec map[string]any) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": kind, "spec": spec}}
	o.SetName(name)
	return o
}
