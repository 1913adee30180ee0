package drift

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/native"
)

const install = "kubectl polymoat preview --policy FILE # then install polymoat with it"

// policies finds what the cluster does not run of the policies, and what it runs otherwise.
func (f *Facts) policies() []Drift {
	var found []Drift
	for _, file := range f.Policies {
		want := file.Policy
		got := named(f.InForce, want.Metadata.Name)
		switch {
		case got == nil:
			found = append(found, Drift{Policies, policyName(want), "is not in force", install})
		case got != want:
			if fields := differing(want.Spec, got.Spec); len(fields) > 0 {
				found = append(found, Drift{Policies, policyName(want), "is in force with other values of " + strings.Join(fields, ", "), install})
			}
		}
	}
	for _, file := range f.InForce {
		if named(f.Policies, file.Policy.Metadata.Name) == nil {
			found = append(found, Drift{Policies, policyName(file.Policy), "is in force, and not among the policies that were given", install})
		}
	}
	return found
}

func policyName(p *v1alpha1.PlacementPolicy) string { return "policy/" + p.Metadata.Name }

func named(files []v1alpha1.File, name string) *v1alpha1.PlacementPolicy {
	for _, f := range files {
		if f.Policy.Metadata.Name == name {
			return f.Policy
		}
	}
	return nil
}

// differing are the paths of the fields of a policy whose values are not the same: "spec.nodePools".
func differing(a, b v1alpha1.Spec) []string {
	one, other := fieldsOf(a), fieldsOf(b)
	all := maps.Clone(one)
	maps.Copy(all, other)
	var paths []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !reflect.DeepEqual(one[name], other[name]) {
			paths = append(paths, "spec."+name)
		}
	}
	return paths
}

func fieldsOf(s v1alpha1.Spec) map[string]any {
	fields := map[string]any{}
	text, err := json.Marshal(s)
	if err == nil {
		err = json.Unmarshal(text, &fields)
	}
	if err != nil { // it was read from YAML
		panic(fmt.Sprintf("drift: %v", err))
	}
	return fields
}

// replicas finds those that were started with another policy than the one in force: they never read a new one.
func (f *Facts) replicas() []Drift {
	var found []Drift
	for _, name := range slices.Sorted(maps.Keys(f.Replicas)) {
		if got := f.Replicas[name]; got != f.Map {
			found = append(found, Drift{
				Policies, "pod/" + name, fmt.Sprintf("runs the policy of ConfigMap %q, and %q is in force", got, f.Map),
				"kubectl polymoat doctor --only policy-in-force",
			})
		}
	}
	return found
}

// twin finds what is missing of the native twin, where there is any of it, and what is that of another policy.
func (f *Facts) twin() []Drift {
	if len(f.Twin) == 0 {
		return nil
	}
	const again = "kubectl polymoat native --in-force | kubectl apply -f -"
	want := twinOf(f.InForce)
	var found []Drift
	for _, name := range slices.Sorted(maps.Keys(want)) {
		switch got, ok := f.Twin[name]; {
		case !ok:
			found = append(found, Drift{Twin, name, "is missing", again})
		case got != want[name]:
			found = append(found, Drift{Twin, name, "is not what this plugin makes of the policy in force", again})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Twin)) {
		if _, ok := want[name]; !ok {
			found = append(found, Drift{Twin, name, "belongs to no policy in force", "kubectl delete " + strings.ToLower(name)})
		}
	}
	return found
}

// twinOf are the objects of the twin of policies and their hashes, by "Kind/name".
func twinOf(files []v1alpha1.File) map[string]string {
	policies := make([]*v1alpha1.PlacementPolicy, len(files))
	for i, f := range files {
		policies[i] = f.Policy
	}
	all := map[string]string{}
	t := native.Compile(policies...)
	for _, o := range append(t.MutatingObjects(), t.ValidatingObjects()...) {
		kind := reflect.TypeOf(o).Elem().Name()
		if hash := o.GetAnnotations()[native.HashAnnotation]; hash != "" {
			all[kind+"/"+o.GetName()] = hash
		}
	}
	return all
}
