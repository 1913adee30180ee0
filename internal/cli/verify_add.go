package cli

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/drift"
	"github.com/polymoat/polymoat/internal/manifest"
	"github.com/polymoat/polymoat/internal/native"
)

// autoscalerStatus is the ConfigMap in kube-system by which a cluster-autoscaler tells how it is.
const autoscalerStatus = "cluster-autoscaler-status"

// add takes in what was read. It returns false for a kind that says nothing of who lives where.
func (v *verification) add(object runtime.Object) bool {
	f := &v.facts
	switch o := object.(type) {
	case *corev1.Node:
		f.Nodes = append(f.Nodes, *o)
	case *appsv1.Deployment:
		f.Workloads = append(f.Workloads, drift.Workload{Object: manifest.ObjectName("apps", "Deployment", o.Name), Namespace: o.Namespace, Template: o.Spec.Template})
	case *appsv1.StatefulSet:
		f.Workloads = append(f.Workloads, drift.Workload{Object: manifest.ObjectName("apps", "StatefulSet", o.Name), Namespace: o.Namespace, Template: o.Spec.Template})
	case *corev1.ConfigMap:
		if o.Name != autoscalerStatus {
			return false
		}
		f.UnseenGroups = true
	case *admissionregistrationv1.MutatingAdmissionPolicy:
		v.addTwin("MutatingAdmissionPolicy", o.Name, o.Annotations)
	case *admissionregistrationv1.MutatingAdmissionPolicyBinding:
		v.addTwin("MutatingAdmissionPolicyBinding", o.Name, o.Annotations)
	case *admissionregistrationv1.ValidatingAdmissionPolicy:
		v.addTwin("ValidatingAdmissionPolicy", o.Name, o.Annotations)
	case *admissionregistrationv1.ValidatingAdmissionPolicyBinding:
		v.addTwin("ValidatingAdmissionPolicyBinding", o.Name, o.Annotations)
	default:
		return false
	}
	return true
}

func (v *verification) addTwin(kind, name string, annotations map[string]string) {
	if hash := annotations[native.HashAnnotation]; hash != "" {
		if v.facts.Twin == nil {
			v.facts.Twin = map[string]string{}
		}
		v.facts.Twin[kind+"/"+name] = hash
	}
}

// addRaw takes in an object of any kind, as JSON values.
func (v *verification) addRaw(raw map[string]any) (bool, error) {
	g, ok, err := drift.GroupOf(raw)
	if err != nil {
		return true, err
	}
	if ok {
		v.facts.Groups = append(v.facts.Groups, g)
		return true, nil
	}
	o := unstructured.Unstructured{Object: raw}
	gvk := o.GroupVersionKind()
	if gvk.Group == "kueue.x-k8s.io" && gvk.Kind == "ResourceFlavor" {
		flavor, err := drift.FlavorOf(raw)
		v.facts.Flavors = append(v.facts.Flavors, flavor)
		return true, err
	}
	typed, err := scheme.Scheme.New(gvk)
	if err != nil {
		return false, nil //nolint:nilerr // a kind of others
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw, typed); err != nil {
		return true, err
	}
	return v.add(typed), nil
}

func (v *verification) readFiles() {
	for o := range v.console.Objects(v.files, false) {
		known, err := v.addRaw(o.Raw)
		switch {
		case err != nil:
			v.console.Fail(o.Errorf("%w", err))
		case !known:
			v.console.Tell("note: %s says nothing of who lives where\n", o.Place())
		}
	}
}

// readPresets reads those of files, and those that ConfigMaps in files hold.
func (v *verification) readPresets() {
	for o := range v.console.Objects(v.presets, false) {
		if o.Kind() != "ConfigMap" {
			v.addPreset(o.File, o.Raw, o.Place())
			continue
		}
		data, _, _ := unstructured.NestedStringMap(o.Raw, "data")
		for _, key := range slices.Sorted(maps.Keys(data)) {
			var raw map[string]any
			place := fmt.Sprintf("configmap/%s[%s]", o.Name(), key)
			if !slices.Contains(input.Extensions, filepath.Ext(key)) {
				continue
			}
			if err := yaml.Unmarshal([]byte(data[key]), &raw); err != nil {
				v.console.Fail(fmt.Errorf("%s: %w", place, err))
				continue
			}
			v.addPreset(fmt.Sprintf("configmap/%s/%s", o.Name(), key), raw, place)
		}
	}
}

func (v *verification) addPreset(object string, raw map[string]any, place string) {
	p, ok, err := drift.PresetOf(object, raw)
	switch {
	case err != nil:
		v.console.Fail(err)
	case !ok:
		v.console.Tell("note: %s is no preset: it has no isPreset: true\n", place)
	default:
		v.facts.Presets = append(v.facts.Presets, p)
	}
}
