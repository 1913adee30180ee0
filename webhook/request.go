package webhook

import (
	"cmp"
	jsonv1 "encoding/json"

	"github.com/go-json-experiment/json"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
	utiljson "sigs.k8s.io/json"

	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/webhook/serve"
)

// request is a request with the objects that were decoded of it.
type request struct {
	admission.Request
	object, oldObject *object
	// values and oldValues are the objects of a workload, of whatever kind.
	values, oldValues map[string]any
	// undecoded is why object or values is not to be trusted; nil if it is.
	undecoded error
	// alone: the old object does not decode, and is left out.
	alone bool
}

// object is a pod, or a Binding, whose target is the only field that a pod lacks.
type object struct {
	corev1.Pod `json:",inline"`
	Target     corev1.ObjectReference `json:"target"`
}

// pod is the object as a pod; nil where there is none.
func (o *object) pod() *corev1.Pod {
	if o == nil {
		return nil
	}
	return &o.Pod
}

// decodePods decodes the objects. An old one that does not decode is left out: an object that is mended is judged by
// itself, as if it were created. A mistake in the new one waits: a webhook that does not look at it can still answer.
func (r *request) decodePods() {
	if r.Operation == admissionv1.Create && len(r.OldObject.Raw) == 0 && len(r.Object.Raw) > 0 {
		var c creation
		if json.Unmarshal(r.Object.Raw, &c) == nil {
			r.object = c.object()
			return
		}
	}
	r.object, r.undecoded = decodeObject(r.Object.Raw)
	var err error
	r.oldObject, err = decodeObject(r.OldObject.Raw)
	r.alone = err != nil
}

// decodeObject is nil where there is none.
func decodeObject(raw []byte) (*object, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	o := &object{}
	return o, decode(raw, o)
}

// decodeValues decodes the objects as JSON values. What was there before does not keep anybody from mending it: an old one
// that does not decode is empty.
func (r *request) decodeValues() {
	r.undecoded = decodeMap(r.Object.Raw, &r.values)
	if decodeMap(r.OldObject.Raw, &r.oldValues) != nil {
		r.oldValues = map[string]any{}
	}
}

// decodeMap leaves the values alone where there is no object. The data of a ControllerRevision stay as they were written:
// maps lose what is there twice, and the controllers read all of it.
func decodeMap(raw []byte, values *map[string]any) error {
	if len(raw) == 0 {
		return nil
	}
	if err := utiljson.UnmarshalCaseSensitivePreserveInts(raw, values); err != nil {
		return err
	}
	if _, ok := (*values)["data"]; !ok || (*values)["kind"] != "ControllerRevision" {
		return nil
	}
	var revision struct {
		Data jsonv1.RawMessage `json:"data"`
	}
	err := utiljson.UnmarshalCaseSensitivePreserveInts(raw, &revision)
	(*values)["data"] = revision.Data
	return err
}

// dryRun says whether nothing comes of the request.
func (r *request) dryRun() bool { return ptr.Deref(r.DryRun, false) }

// createsPod says whether a pod is created by this request: the only one that is mutated. An API server always names
// the resource; where somebody else did not, the object tells.
func (r *request) createsPod() bool {
	if r.Operation != admissionv1.Create || r.SubResource != "" {
		return false
	}
	if r.Resource.Resource == "" {
		return r.object != nil && r.object.Kind == "Pod" && r.object.APIVersion == "v1"
	}
	return r.Resource.Resource == "pods" && r.Resource.Group == ""
}

// debugsPod says whether ephemeral containers are added to a pod by this request.
func (r *request) debugsPod() bool {
	return r.Operation == admissionv1.Update && r.resource() == "pods/"+policy.EphemeralContainers && r.Resource.Group == ""
}

// bindsPod says whether the request carries a Binding, through either of its two URLs.
func (r *request) bindsPod() bool {
	return r.Operation == admissionv1.Create && r.object != nil && r.object.Kind == "Binding" && r.object.APIVersion == "v1"
}

// pods returns the pod and, on UPDATE, what it was before. Subresources that carry a pod (ephemeralcontainers, resize,
// status, and those that do not exist yet) are updates of it like any other.
func (r *request) pods() (pod, old *corev1.Pod, f *serve.Fault) {
	pod, old = r.object.pod(), r.oldObject.pod()
	if f := r.checkPod("object", pod); f != nil {
		return nil, nil, f
	}
	if r.Operation == admissionv1.Create || r.alone {
		return pod, nil, nil
	}
	if f := r.checkPod("oldObject", old); f != nil {
		return nil, nil, f
	}
	return pod, old, nil
}

func (r *request) checkPod(field string, pod *corev1.Pod) *serve.Fault {
	switch {
	case pod != nil && (pod.Kind != "Pod" || pod.APIVersion != "v1"):
		return badReview("object", "request.%s is of apiVersion %q and kind %q, and only pods and bindings of v1 are judged; take %q out of the webhook's rules",
			field, pod.APIVersion, pod.Kind, r.resource())
	case r.undecoded != nil:
		return undecodable(r.undecoded)
	case pod == nil:
		return badReview("object", "request.%s is missing", field)
	}
	return nil
}

func undecodable(err error) *serve.Fault {
	return badReview("object", "request.object does not decode: %v", err)
}

// user is who asks, as far as a policy looks.
func (r *request) user() policy.UserInfo {
	return policy.UserInfo{Name: r.UserInfo.Username, Groups: r.UserInfo.Groups}
}

// resource is the resource as rules name it: "pods/binding".
func (r *request) resource() string {
	if r.SubResource == "" {
		return r.Resource.Resource
	}
	return r.Resource.Resource + "/" + r.SubResource
}

// objectName is the name of the object for people: the API server has not made one of generateName yet.
func (r *request) objectName() string {
	name := r.Name
	if r.object != nil {
		name = cmp.Or(name, r.object.Name, r.object.GenerateName)
	}
	values := unstructured.Unstructured{Object: r.values}
	return cmp.Or(name, values.GetName(), values.GetGenerateName())
}

// familyName is what the name of a pod begins with where the rest was made up, so that the refusals of all pods of one
// owner are told in the same words, and counted.
func (r *request) familyName() string { return cmp.Or(r.object.GenerateName, r.objectName()) }
