package webhook

import (
	"bytes"
	"context"
	rawjson "encoding/json"
	"fmt"
	"net/http"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/json"

	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/skim"
)

// reviewKind is the one kind of body that the webhooks read.
var reviewKind = metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "AdmissionReview"}

// review is the part of an AdmissionReview that polymoat reads.
type review struct {
	metav1.TypeMeta `json:",inline"`
	Request         *request `json:"request"`
}

// request is the part of an AdmissionRequest that polymoat reads, with the objects decoded in the same pass.
type request struct {
	UID         types.UID                   `json:"uid"`
	Resource    metav1.GroupVersionResource `json:"resource"`
	SubResource string                      `json:"subResource"` // "ephemeralcontainers"; empty for the pod itself
	Name        string                      `json:"name"`        // empty for a pod with generateName
	Namespace   string                      `json:"namespace"`
	Operation   admissionv1.Operation       `json:"operation"`
	UserInfo    authenticationv1.UserInfo   `json:"userInfo"`
	DryRun      bool                        `json:"dryRun"`
	Object      *object                     `json:"object"`
	OldObject   *object                     `json:"oldObject"`

	// time is how long the cluster may be asked for what the decision needs.
	time time.Duration
	// turn ends when the cluster is asked; nil where nobody has to wait for one.
	turn *turn
	// values are the objects of a workload, of whatever kind.
	values objects
	// placed is memory for what becomes of the pod.
	placed corev1.Pod
	// patch is memory for one; nil where there is none.
	patch []byte
	// memory is what the request and its objects are in; nil where that is theirs.
	memory *skim.Memory
	// undecoded is why Object or OldObject is not to be trusted; nil if they are.
	undecoded error
	// alone: the old object does not decode, and is left out.
	alone bool
}

// aloneReview is a review whose old object is not decoded.
type aloneReview struct {
	Request struct {
		request   `json:",inline"`
		OldObject rawjson.RawMessage `json:"oldObject"`
	} `json:"request"`
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

// decode reads the request of a review. The body may be used again afterwards.
func decode(body []byte) (*request, *fault) {
	if len(body) == 0 {
		return nil, badReview("empty", "the body is empty; send an AdmissionReview of admission.k8s.io/v1")
	}
	if f := bounded(body); f != nil {
		return nil, f
	}
	var r review
	err := json.UnmarshalCaseSensitivePreserveInts(body, &r)
	if isSyntax, _ := json.SyntaxErrorOffset(err); isSyntax {
		return nil, badReview("json", "the body is not JSON: %v", err)
	}
	switch {
	case r.TypeMeta != reviewKind:
		return nil, badReview("version", "the body is of apiVersion %q and kind %q; send an AdmissionReview of admission.k8s.io/v1 "+
			"(admissionReviewVersions: [v1] in the webhook configuration)", r.APIVersion, r.Kind)
	case r.Request == nil:
		return nil, badReview("request", "the AdmissionReview has no request")
	case r.Request.UID == "":
		return nil, badReview("uid", "request.uid is empty")
	}
	if err != nil {
		return decodeAlone(body, r.Request, err), nil
	}
	return r.Request, nil
}

// decodeAlone reads a request that does not decode once more, without its old object: an object that is mended is judged
// by itself, as if it were created. A mistake in the new object waits: a webhook that does not look at it can still answer.
func decodeAlone(body []byte, r *request, mistake error) *request {
	var again aloneReview
	if err := json.UnmarshalCaseSensitivePreserveInts(body, &again); err != nil {
		r.undecoded = mistake
		return r
	}
	again.Request.alone = true
	return &again.Request.request
}

// mostValues is how many values are decoded at most of a review for which skim does not bound the memory: each may take
// some hundred bytes.
const mostValues = 32 << 10

// bounded counts commas: there are no fewer than values in lists and maps, and a little more where strings have some.
func bounded(body []byte) *fault {
	if values := bytes.Count(body, []byte{','}); values > mostValues {
		return httpFault(http.StatusRequestEntityTooLarge, "too-large",
			"the review holds some %d values, and memory is kept for %d; make the object smaller", values, mostValues)
	}
	return nil
}

// uid is the request's, for the log; empty where no request could be read.
func (r *request) uid() types.UID {
	if r == nil {
		return ""
	}
	return r.UID
}

// forget ends the use of the request and of its objects. What is kept of them must be strings, or copies.
func (r *request) forget() {
	if r != nil {
		r.memory.Return()
	}
}

// within bounds what the cluster is asked for a review by the time that there is for the answer. Others may work meanwhile.
func (r *request) within(ctx context.Context) (context.Context, context.CancelFunc) {
	r.turn.end()
	return context.WithTimeout(ctx, r.time)
}

// createsPod says whether a pod is created by this request: the only one that is mutated. An API server always names
// the resource; where somebody else did not, the object tells.
func (r *request) createsPod() bool {
	if r.Operation != admissionv1.Create || r.SubResource != "" {
		return false
	}
	if r.Resource == (metav1.GroupVersionResource{}) {
		return r.Object != nil && r.Object.Kind == "Pod" && r.Object.APIVersion == "v1"
	}
	return r.Resource.Resource == "pods" && r.Resource.Group == ""
}

// debugsPod says whether ephemeral containers are added to a pod by this request.
func (r *request) debugsPod() bool {
	return r.Operation == admissionv1.Update && r.resource() == "pods/"+policy.EphemeralContainers && r.Resource.Group == ""
}

// bindsPod says whether the request carries a Binding, through either of its two URLs.
func (r *request) bindsPod() bool {
	return r.Operation == admissionv1.Create && r.Object != nil && r.Object.Kind == "Binding" && r.Object.APIVersion == "v1"
}

// binding returns the Binding of the request.
func (r *request) binding() (*corev1.Binding, *fault) {
	if r.undecoded != nil {
		return nil, undecodable(r.undecoded)
	}
	return &corev1.Binding{TypeMeta: r.Object.TypeMeta, ObjectMeta: r.Object.ObjectMeta, Target: r.Object.Target}, nil
}

// pods returns the pod and, on UPDATE, what it was before. Subresources that carry a pod (ephemeralcontainers, resize,
// status, and those that do not exist yet) are updates of it like any other.
func (r *request) pods() (pod, old *corev1.Pod, f *fault) {
	pod, old = r.Object.pod(), r.OldObject.pod()
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

func (r *request) checkPod(field string, pod *corev1.Pod) *fault {
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

func undecodable(err error) *fault {
	return badReview("object", "the AdmissionReview does not decode: %v", err)
}

// resource is the resource as rules name it: "pods/binding".
func (r *request) resource() string {
	if r.SubResource == "" {
		return r.Resource.Resource
	}
	return fmt.Sprintf("%s/%s", r.Resource.Resource, r.SubResource)
}

// objectName is the name of the object for people: the API server has not made one of generateName yet.
func (r *request) objectName() string {
	switch {
	case r.Name != "":
		return r.Name
	case r.Object == nil:
		return ""
	case r.Object.Name != "":
		return r.Object.Name
	default:
		return r.Object.GenerateName
	}
}
