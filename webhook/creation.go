package webhook

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// creation is a pod that is created, or a Binding, with the fields that decide. Most of what a pod says decides nothing: what
// its programs are told, what they may take, its status. TestCreation holds that no decision depends on any other field.
type creation struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        creationMeta           `json:"metadata"`
	Spec            creationSpec           `json:"spec"`
	Target          corev1.ObjectReference `json:"target"`
}

type creationMeta struct {
	Name            string                  `json:"name"`
	GenerateName    string                  `json:"generateName"`
	Namespace       string                  `json:"namespace"`
	UID             types.UID               `json:"uid"`
	Labels          map[string]string       `json:"labels"`
	Annotations     map[string]string       `json:"annotations"`
	OwnerReferences []metav1.OwnerReference `json:"ownerReferences"`
}

type creationSpec struct {
	Volumes                      []corev1.Volume                   `json:"volumes"`
	InitContainers               []creationContainer               `json:"initContainers"`
	Containers                   []creationContainer               `json:"containers"`
	EphemeralContainers          []creationContainer               `json:"ephemeralContainers"`
	NodeSelector                 map[string]string                 `json:"nodeSelector"`
	ServiceAccountName           string                            `json:"serviceAccountName"`
	DeprecatedServiceAccount     string                            `json:"serviceAccount"`
	AutomountServiceAccountToken *bool                             `json:"automountServiceAccountToken"`
	NodeName                     string                            `json:"nodeName"`
	HostNetwork                  bool                              `json:"hostNetwork"`
	HostPID                      bool                              `json:"hostPID"`
	HostIPC                      bool                              `json:"hostIPC"`
	ShareProcessNamespace        *bool                             `json:"shareProcessNamespace"`
	SecurityContext              *corev1.PodSecurityContext        `json:"securityContext"`
	Affinity                     *corev1.Affinity                  `json:"affinity"`
	SchedulerName                string                            `json:"schedulerName"`
	Tolerations                  []corev1.Toleration               `json:"tolerations"`
	PriorityClassName            string                            `json:"priorityClassName"`
	Priority                     *int32                            `json:"priority"`
	PreemptionPolicy             *corev1.PreemptionPolicy          `json:"preemptionPolicy"`
	SchedulingGroup              *corev1.PodSchedulingGroup        `json:"schedulingGroup"`
	RuntimeClassName             *string                           `json:"runtimeClassName"`
	TopologySpreadConstraints    []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints"`
	OS                           *corev1.PodOS                     `json:"os"`
	HostUsers                    *bool                             `json:"hostUsers"`
}

type creationContainer struct {
	Name            string                         `json:"name"`
	Image           string                         `json:"image"`
	Command         []string                       `json:"command"`
	Args            []string                       `json:"args"`
	Ports           []corev1.ContainerPort         `json:"ports"`
	Env             []creationName                 `json:"env"`
	EnvFrom         []creationName                 `json:"envFrom"`
	LivenessProbe   *corev1.Probe                  `json:"livenessProbe"`
	ReadinessProbe  *corev1.Probe                  `json:"readinessProbe"`
	StartupProbe    *corev1.Probe                  `json:"startupProbe"`
	Lifecycle       *corev1.Lifecycle              `json:"lifecycle"`
	SecurityContext *corev1.SecurityContext        `json:"securityContext"`
	Resources       creationResources              `json:"resources"`
	RestartPolicy   *corev1.ContainerRestartPolicy `json:"restartPolicy"`
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

// object is the pod, in which all other fields are empty.
func (c *creation) object() *object {
	m, s := &c.Metadata, &c.Spec
	o := &object{Target: c.Target}
	o.TypeMeta = c.TypeMeta
	o.ObjectMeta = metav1.ObjectMeta{
		Name: m.Name, GenerateName: m.GenerateName, Namespace: m.Namespace, UID: m.UID,
		Labels: m.Labels, Annotations: m.Annotations, OwnerReferences: m.OwnerReferences,
	}
	o.Spec = corev1.PodSpec{
		Volumes: s.Volumes, InitContainers: containers(s.InitContainers), Containers: containers(s.Containers),
		NodeSelector: s.NodeSelector, ServiceAccountName: s.ServiceAccountName, DeprecatedServiceAccount: s.DeprecatedServiceAccount,
		AutomountServiceAccountToken: s.AutomountServiceAccountToken, NodeName: s.NodeName,
		HostNetwork: s.HostNetwork, HostPID: s.HostPID, HostIPC: s.HostIPC, ShareProcessNamespace: s.ShareProcessNamespace,
		SecurityContext: s.SecurityContext, Affinity: s.Affinity, SchedulerName: s.SchedulerName, Tolerations: s.Tolerations,
		PriorityClassName: s.PriorityClassName, Priority: s.Priority, PreemptionPolicy: s.PreemptionPolicy, SchedulingGroup: s.SchedulingGroup,
		TopologySpreadConstraints: s.TopologySpreadConstraints,
		RuntimeClassName:          s.RuntimeClassName, OS: s.OS, HostUsers: s.HostUsers,
	}
	for _, of := range containers(s.EphemeralContainers) {
		o.Spec.EphemeralContainers = append(o.Spec.EphemeralContainers,
			corev1.EphemeralContainer{EphemeralContainerCommon: corev1.EphemeralContainerCommon(of)})
	}
	return o
}

func containers(of []creationContainer) []corev1.Container {
	list := make([]corev1.Container, len(of))
	for i := range of {
		c := &of[i]
		list[i] = corev1.Container{
			Name: c.Name, Image: c.Image, Command: c.Command, Args: c.Args, Ports: c.Ports,
			Env: variables(c.Env), EnvFrom: make([]corev1.EnvFromSource, len(c.EnvFrom)),
			LivenessProbe: c.LivenessProbe, ReadinessProbe: c.ReadinessProbe, StartupProbe: c.StartupProbe, Lifecycle: c.Lifecycle,
			SecurityContext: c.SecurityContext, RestartPolicy: c.RestartPolicy,
			Resources: corev1.ResourceRequirements{
				Limits: corev1.ResourceList(c.Resources.Limits), Requests: corev1.ResourceList(c.Resources.Requests),
			},
		}
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
