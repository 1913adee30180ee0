package manifest

import (
	"fmt"
	"reflect"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/template"
)

// known are the types of objects that make pods, by their version and kind. Of others the pod templates are known.
var known = map[string]reflect.Type{
	"v1 Pod":                   reflect.TypeFor[corev1.Pod](),
	"v1 ReplicationController": reflect.TypeFor[corev1.ReplicationController](),
	"apps/v1 Deployment":       reflect.TypeFor[appsv1.Deployment](),
	"apps/v1 StatefulSet":      reflect.TypeFor[appsv1.StatefulSet](),
	"apps/v1 DaemonSet":        reflect.TypeFor[appsv1.DaemonSet](),
	"apps/v1 ReplicaSet":       reflect.TypeFor[appsv1.ReplicaSet](),
	"batch/v1 Job":             reflect.TypeFor[batchv1.Job](),
	"batch/v1 CronJob":         reflect.TypeFor[batchv1.CronJob](),
}

// Unknown are warnings of fields of a file that Kubernetes does not know as far as we do: one for each, with its line and the
// field that was probably meant.
func Unknown(o Object) []string {
	if o.live { // the API server has dropped them
		return nil
	}
	found, err := template.Of(o.Raw)
	if err != nil {
		return nil
	}
	var pods []template.Struct
	for _, t := range found {
		pods = append(pods, template.Struct{At: append(slices.Clip(t.At), "spec"), Type: reflect.TypeFor[corev1.PodSpec]()})
	}
	var unknown []template.Unknown
	if of := known[o.APIVersion()+" "+o.Kind()]; of != nil {
		unknown = template.Unknowns(o.Raw, template.Struct{Type: of}, pods...)
	} else {
		for _, t := range found {
			unknown = append(unknown, template.Unknowns(o.value(t.At), template.Struct{At: t.At, Type: reflect.TypeFor[corev1.PodTemplateSpec]()})...)
		}
	}
	var warnings []string
	for _, u := range unknown {
		text := fmt.Sprintf("%s: unknown field %s is not looked at", o.placeOf(u.At), template.Path(u.At))
		if u.Meant != nil {
			text += fmt.Sprintf("; did you mean %s?", template.Path(u.Meant))
		}
		warnings = append(warnings, text)
	}
	return warnings
}

// value is what stands at a place of the object.
func (o Object) value(at []any) any {
	var value any = o.Raw
	for _, step := range at {
		switch step := step.(type) {
		case string:
			value = value.(map[string]any)[step]
		case int:
			value = value.([]any)[step]
		}
	}
	return value
}
