package doctor

import (
	"fmt"
	"slices"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/native"
)

const installTwin = "kubectl polymoat native --in-force | kubectl apply -f -"

// twin finds what is missing of the native twin, where there is any of it, and what is that of another policy. Static
// policies cannot be seen: they are files of the API servers.
func twin(v View) []Finding {
	want, have := v.twinOfPolicy(), v.twinThere()
	if len(have) == 0 {
		return nil
	}
	why := "While polymoat does not answer, the twin decides otherwise than the policy, or not at all."
	var missing, others, strange []string
	for name, hash := range want {
		switch got, ok := have[name]; {
		case !ok:
			missing = append(missing, name)
		case got != hash:
			others = append(others, name)
		}
	}
	for name := range have {
		if _, ok := want[name]; !ok {
			strange = append(strange, name)
		}
	}
	var found []Finding
	if len(missing) > 0 {
		found = append(found, Finding{Severity: Error, What: fmt.Sprintf("Of the native twin, %s %s.", named(sorted(missing)), are(missing, "is missing", "are missing")), Why: why, Fix: installTwin})
	}
	if len(others) > 0 {
		found = append(found, Finding{
			Severity: Error, What: fmt.Sprintf("Of the native twin, %s %s not what this plugin makes of the policy in the cluster.", named(sorted(others)), are(others, "is", "are")),
			Why: why, Fix: installTwin,
		})
	}
	if len(strange) > 0 {
		found = append(found, Finding{
			Severity: Warning, What: fmt.Sprintf("Of the native twin, %s %s to no policy in the cluster.", named(sorted(strange)), are(strange, "belongs", "belong")),
			Why: "It still decides about the pods of its namespaces.", Fix: "kubectl delete KIND NAME",
		})
	}
	return found
}

// twinWhole says whether the native twin of the policy in the cluster is there as a whole: it decides while nobody answers.
func (v View) twinWhole() bool {
	for _, r := range []Resource{Policies, PolicyBindings, Judges, JudgeBindings} {
		if v.Unread[r] != nil {
			return false
		}
	}
	return len(v.files) > 0 && len(v.twinThere()) > 0 && len(twin(v)) == 0
}

// twinOfPolicy are the objects of which the twin of the policy in the cluster consists, as "Kind/name", and their hashes.
func (v View) twinOfPolicy() map[string]string {
	policies := make([]*v1alpha1.PlacementPolicy, len(v.files))
	for i, f := range v.files {
		policies[i] = f.Policy
	}
	t := native.Compile(policies...)
	return twinObjects(pointers(t.Mutating), pointers(t.MutatingBindings), pointers(t.Validating), pointers(t.ValidatingBindings))
}

// twinThere are those that are in the cluster.
func (v View) twinThere() map[string]string {
	return twinObjects(v.Policies, v.PolicyBindings, v.Judges, v.JudgeBindings)
}

func twinObjects(policies []*admissionregistrationv1.MutatingAdmissionPolicy, bindings []*admissionregistrationv1.MutatingAdmissionPolicyBinding,
	judges []*admissionregistrationv1.ValidatingAdmissionPolicy, judgeBindings []*admissionregistrationv1.ValidatingAdmissionPolicyBinding) map[string]string {
	all := map[string]string{}
	add := func(kind string, o metav1.Object) {
		if hash := o.GetAnnotations()[native.HashAnnotation]; hash != "" {
			all[kind+"/"+o.GetName()] = hash
		}
	}
	for _, o := range policies {
		add("MutatingAdmissionPolicy", o)
	}
	for _, o := range bindings {
		add("MutatingAdmissionPolicyBinding", o)
	}
	for _, o := range judges {
		add("ValidatingAdmissionPolicy", o)
	}
	for _, o := range judgeBindings {
		add("ValidatingAdmissionPolicyBinding", o)
	}
	return all
}

func pointers[T any](list []T) []*T {
	all := make([]*T, len(list))
	for i := range list {
		all[i] = &list[i]
	}
	return all
}

func sorted(names []string) []string {
	slices.Sort(names)
	return names
}
