package webhook

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// creation is a pod that is created, or a Binding, without what decides nothing and takes long to read: what its programs are
// told, what they may take, its status. TestCreation holds that no decision depends on it. A field of ours stands before the
// one of the same name that is embedded.
type creation struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        creationMeta           `json:"metadata"`
	Spec            creationSpec           `json:"spec"`
	Target          corev1.ObjectReference `json:"target"`
}

type creationMeta struct {
	metav1.ObjectMeta `json:",inline"`
	CreationTimestamp passed `json:"creationTimestamp"`
	ManagedFields     passed `json:"managedFields"`
}

type creationSpec struct {
	corev1.PodSpec `json:",inline"`
	InitContainers []creationContainer `json:"initContainers"`
	Containers     []creationContainer `json:"containers"`
	Overhead       passed              `json:"overhead"`
	Resources      passed              `json:"resources"`
}

type creationContainer struct {
	corev1.Container `json:",inline"`
	Env              []creationName    `json:"env"`
	EnvFrom          []creationName    `json:"envFrom"`
	Resources        creationResources `json:"resources"`
	VolumeMounts     passed            `json:"volumeMounts"`
}

// creationName is a variable, by its name alone, or a source of some, of which it counts that there is one.
type creationName struct {
	Name string `json:"name"`
}

// creationResources are the extended resources that a container asks for. No other decides.
type creationResources struct {
	Limits   extendedResources `json:"limits"`
	Requests extendedResources `json:"requests"`
}

type extendedResources corev1.ResourceList

// UnmarshalJSONFrom passes over the other resources, whose quantities take half as long as the rest of a container.
func (r *extendedResources) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	start, err := decoder.ReadToken()
	if err != nil || start.Kind() == jsontext.KindNull {
		return err
	}
	if start.Kind() != jsontext.KindBeginObject {
		return errors.New("resources are no object")
	}
	for err == nil && decoder.PeekKind() != jsontext.KindEndObject {
		err = r.readNext(decoder)
	}
	if err == nil {
		_, err = decoder.ReadToken()
	}
	return err
}

func (r *extendedResources) readNext(decoder *jsontext.Decoder) error {
	token, err := decoder.ReadToken()
	if err != nil {
		return err
	}
	name := corev1.ResourceName(token.String())
	if !v1alpha1.IsExtended(name) {
		return decoder.SkipValue()
	}
	var quantity resource.Quantity
	if err := json.UnmarshalDecode(decoder, &quantity); err != nil {
		return err
	}
	if *r == nil {
		*r = extendedResources{}
	}
	(*r)[name] = quantity
	return nil
}

// object is the pod, in which what was passed over is empty.
func (c *creation) object() *object {
	o := &object{Target: c.Target}
	o.TypeMeta, o.ObjectMeta, o.Spec = c.TypeMeta, c.Metadata.ObjectMeta, c.Spec.PodSpec
	o.Spec.InitContainers, o.Spec.Containers = containers(c.Spec.InitContainers), containers(c.Spec.Containers)
	return o
}

func containers(of []creationContainer) []corev1.Container {
	list := make([]corev1.Container, len(of))
	for i := range of {
		c := &of[i]
		list[i] = c.Container
		list[i].Env, list[i].EnvFrom = variables(c.Env), make([]corev1.EnvFromSource, len(c.EnvFrom))
		list[i].Resources.Limits, list[i].Resources.Requests = corev1.ResourceList(c.Resources.Limits), corev1.ResourceList(c.Resources.Requests)
	}
	return list
}

func variables(of []creationName) []corev1.EnvVar {
	list := make([]corev1.EnvVar, len(of))
	for i, v := range of {
		list[i].Name = v.Name
	}
	return list
}
