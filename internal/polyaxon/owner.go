package polyaxon

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// Resource is a kind of resource of which Polyaxon's operator makes the pods of runs, by way of Jobs, Deployments, TFJobs
// and the like. What a user writes into a polyaxonfile stands there, even where nothing on the way copies it to the pods.
type Resource struct {
	schema.GroupVersionResource
	Kind string
	// roles are those of its pods; nil for all.
	roles []string
}

// Resources are all of them: Operation since 1.0, the others since 2.12.
var Resources = []Resource{
	resource("core.polyaxon.com", "operations", "Operation"),
	resource("polyaxon.com", "jobs", "Job", v1alpha1.RoleJobs, v1alpha1.RoleHelpers),
	resource("polyaxon.com", "services", "Service", v1alpha1.RoleServices),
	resource("polyaxon.com", "kfjobs", "KfJob", v1alpha1.RoleDistributed),
	resource("polyaxon.com", "clusters", "Cluster", v1alpha1.RoleDistributed),
}

func resource(group, plural, kind string, roles ...string) Resource {
	return Resource{schema.GroupVersionResource{Group: group, Version: "v1", Resource: plural}, kind, roles}
}

// Owner is the resource that a run's pod was made of.
type Owner struct {
	// Reference says which it is: "operations.core.polyaxon.com/plx-operation-4f1c".
	Reference
	// Labels and Annotations are those that are asked about; others may be missing.
	Labels, Annotations map[string]string
}

// Reference is where an owner is to be found, in the namespace of its pod.
type Reference struct {
	Resource schema.GroupVersionResource
	Name     string
}

// String is the reference as kubectl takes it.
func (r Reference) String() string { return r.Resource.GroupResource().String() + "/" + r.Name }

// ReferenceTo is the reference to an object, if it is one of Resources.
func ReferenceTo(apiVersion, kind, name string) (Reference, bool) {
	gv, err := schema.ParseGroupVersion(apiVersion)
	i := slices.IndexFunc(Resources, func(r Resource) bool { return r.Group == gv.Group && r.Kind == kind })
	if err != nil || i < 0 {
		return Reference{}, false
	}
	return Reference{Resources[i].GroupVersionResource, name}, true
}

// OwnersOf is where the owner of a run's pod may be: which of its kinds it is cannot always be seen on the pod. The owner
// reference names it where the operator makes the pods itself. Elsewhere it names only the first step of the way, and the
// label with the run's uuid tells the name.
//
// Both can be forged by whoever makes the pod. That gives them nothing: an owner counts for no more than what its
// author, who may write there at all, could have written on the pod.
func OwnersOf(pod *corev1.Pod) []Reference {
	for _, o := range pod.OwnerReferences {
		if ref, ok := ReferenceTo(o.APIVersion, o.Kind, o.Name); ok && len(validation.IsDNS1123Subdomain(o.Name)) == 0 {
			return []Reference{ref}
		}
	}
	role, name := modernRun(pod, "").Role, ownerName(pod)
	if role == "" || len(validation.IsDNS1123Subdomain(name)) > 0 {
		return nil
	}
	var refs []Reference
	for _, r := range Resources {
		if r.roles == nil || slices.Contains(r.roles, role) {
			refs = append(refs, Reference{r.GroupVersionResource, name})
		}
	}
	return refs
}

// ownerName is the name that Polyaxon gives to the resource of a run. A cleaner carries the uuid of the run that it cleans
// up after, and must not be taken for it.
func ownerName(pod *corev1.Pod) string {
	instance := pod.Labels[labelInstance]
	uuid := instance[strings.LastIndex(instance, ".")+1:] // "owner.project.runs.uuid" up to 1.1.6
	if uuid == "" {
		return ""
	}
	if pod.Labels[labelComponent] == "polyaxon-cleaners" {
		return fmt.Sprintf("plx-cleaner-%s", uuid)
	}
	return fmt.Sprintf("plx-operation-%s", uuid)
}
