package webhook

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
)

const (
	ofSet     = `"ownerReferences":[{"apiVersion":"apps/v1","kind":"StatefulSet","name":"x","uid":"u","controller":true}]`
	ofMachine = `"ownerReferences":[{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachine","name":"vm","uid":"v","controller":true}]`
	exact     = `{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"app":"x"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}`
)

// revision is a ControllerRevision; more is more of its metadata.
func revision(more, data string) string {
	return `{"apiVersion":"apps/v1","kind":"ControllerRevision","metadata":{"name":"x-evil"` + more + `},"revision":2,"data":` + data + `}`
}

// TestRevisions: kube-controller-manager reads the data of a revision without regard to case, and kubectl sends it as a
// patch with the rights of its user. Whoever is not trusted writes what is read in one way only.
func TestRevisions(t *testing.T) {
	const (
		inexact = `controllerrevisions.apps "x-evil" of role "other": data `
		fix     = `: what its controller makes of it may claim role "core", which user "tenant" is not trusted with; ` +
			`write {"spec": {"template": ...}} with the whole template and "$patch": "replace" in it, or have one of group "system:masters" or anyone who may "use" roles.polymoat.io "core" create it [core-claim]`
		label = `controllerrevisions.apps "x-evil" of role "core": data.spec.template.metadata.labels[app.kubernetes.io/part-of] "polyaxon-core" ` +
			`claims role "core", which user "tenant" is not trusted with; remove it, ` + trusted + "create it [core-claim]"
		core = `{"labels":{"app.kubernetes.io/part-of":"polyaxon-core"}}`
		in   = `"spec":{"containers":[{"name":"c","image":"i"}]}`
	)
	inside := func(s string) string { return `{"spec":{"template":{"$patch":"replace",` + s + `}}}` }
	hidden := func(how string) string {
		return inexact + how + `: what its controller makes of it may claim role "core", which user "tenant" is not trusted with; leave that out, ` + trusted + "create it [core-claim]"
	}
	unknown := func(f string) string { return inexact + `has ` + f + fix }
	for name, tc := range map[string]struct{ object, old, user, want string }{
		"as its controller writes it":   {object: revision(","+ofSet, exact)},
		"without an owner":              {object: revision("", exact)},
		"metadata of another case":      {object: revision(","+ofSet, inside(`"Metadata":`+core+`,"metadata":{"labels":{"app":"x"}},`+in)), want: label},
		"labels of another case":        {object: revision(","+ofSet, inside(`"metadata":{"Labels":{"type":"polyaxon-core"}},`+in)), want: strings.Replace(label, "app.kubernetes.io/part-of", "type", 1)},
		"a spec of another case":        {object: revision(","+ofSet, `{"Spec":{"template":{"$patch":"replace","metadata":`+core+`,`+in+`}}}`), want: label},
		"a long s":                      {object: revision(","+ofSet, "{\"\u017fpec\":{\"template\":{\"$patch\":\"replace\",\"metadata\":"+core+","+in+"}}}"), want: label},
		"an escaped long s":             {object: revision(","+ofSet, `{"\u017fpec":{"template":{"$patch":"replace","metadata":`+core+`,`+in+`}}}`), want: label},
		"two templates":                 {object: revision(","+ofSet, `{"spec":{"template":{"$patch":"replace",`+in+`},"template":{"$patch":"replace","metadata":`+core+`,`+in+`}}}`), want: label},
		"two templates, the other last": {object: revision(","+ofSet, `{"spec":{"template":{"$patch":"replace","metadata":`+core+`,`+in+`},"template":{"$patch":"replace",`+in+`}}}`), want: unknown(`duplicate field "spec.template"`)},
		"a template of another case":    {object: revision(","+ofSet, `{"spec":{"Template":{`+in+`},"template":{"$patch":"replace",`+in+`}}}`), want: unknown(`unknown field "spec.Template"`)},
		"an image of another case":      {object: revision(","+ofSet, inside(`"spec":{"containers":[{"name":"c","Image":"i"}]}`)), want: unknown(`unknown field "spec.template.spec.containers[0].Image"`)},
		"a Kelvin sign":                 {object: revision(","+ofSet, inside("\"spec\":{\"containers\":[],\"ho\u017ftNetwor\u212a\":true}")), want: unknown("unknown field \"spec.template.spec.ho\u017ftNetwor\u212a\"")},
		"a label twice":                 {object: revision(","+ofSet, inside(`"metadata":{"labels":{"a":"b","a":"c"}},`+in)), want: unknown(`duplicate field "spec.template.metadata.labels.a"`)},
		"more than a template":          {object: revision(","+ofSet, `{"spec":{"replicas":1,"template":{"$patch":"replace",`+in+`}}}`), want: unknown(`unknown field "spec.replicas"`)},
		"no template":                   {object: revision(","+ofSet, `{"spec":{}}`), want: inexact + `lacks "$patch": "replace" in spec.template` + fix},
		"a template that is a number":   {object: revision(","+ofSet, `{"spec":{"template":5}}`), want: inexact + `holds no pod template` + fix},
		"a patch":                       {object: revision("", `{"spec":{"template":{"metadata":{"labels":{"app":"postgresql"}}}}}`), want: inexact + `lacks "$patch": "replace" in spec.template` + fix},

		"by the StatefulSet controller":    {object: revision(","+ofSet, inside(`"metadata":`+core+`,`+in)), user: kubeSystem("statefulset-controller")},
		"by the DaemonSet controller":      {object: revision(","+ofSet, inside(`"metadata":`+core+`,`+in)), user: kubeSystem("daemon-set-controller")},
		"by an administrator":              {object: revision(","+ofSet, inside(`"metadata":`+core+`,`+in)), user: `"username":"a","groups":["system:masters"]`},
		"by another controller":            {object: revision(","+ofSet, inside(`"metadata":`+core+`,`+in)), user: kubeSystem("job-controller"), want: strings.Replace(label, `"tenant"`, `"system:serviceaccount:kube-system:job-controller"`, 1)},
		"of another kind":                  {object: revision(","+ofMachine, `{"spec":{"template":{"spec":{"domain":{"cpu":1}}},"running":true}}`)},
		"of another kind, and claims core": {object: revision(","+ofMachine, inside(`"Metadata":`+core+`,`+in)), want: label},
		"of another group": {object: revision(`,"ownerReferences":[{"apiVersion":"apps.kruise.io/v1","kind":"StatefulSet","name":"x","uid":"u","controller":true}]`,
			`{"spec":{"template":{"Metadata":{"labels":{"type":"polyaxon-core"}},"metadata":{"labels":null},`+in+`}}}`), want: unknown(`unknown field "spec.template.Metadata"`)},
		"of another kind, and hides its labels":   {object: revision(","+ofMachine, `{"spec":{"template":{"Metadata":`+core+`,"metadata":{"labels":null},`+in+`}}}`), want: hidden(`has "Metadata" beside or in place of "metadata" in spec.template`)},
		"of another kind, and takes a label away": {object: revision(","+ofMachine, `{"spec":{"template":{"metadata":{"labels":{"a":null}},`+in+`}}}`), want: hidden(`holds null in spec.template.metadata.labels`)},
		"of another kind, and deletes labels":     {object: revision(","+ofMachine, `{"spec":{"template":{"metadata":{"labels":{"$patch":"delete"}},`+in+`}}}`), want: hidden(`has the directive "$patch" in spec.template.metadata.labels`)},
		"of another kind, and does not decode":    {object: revision(","+ofMachine, `{"spec":{"template":{"metadata":`+core+`,"spec":{"volumes":{"$patch":"replace"}}}}}`), want: hidden(`has a spec.template that does not decode`)},
		"of another kind that replaces":           {object: revision(","+ofMachine, exact)},
		"an earlier one that gets another number": {old: revision(","+ofSet, `{"Spec":{}}`), object: strings.Replace(revision(","+ofSet, `{"Spec":{}}`), `"revision":2`, `"revision":9223372036854775807`, 1), want: unknown(`unknown field "Spec"`)},
		"of another kind that is taken off":       {old: revision(","+ofMachine, `{"spec":{"running":true}}`), object: revision("", `{"spec":{"running":true}}`), want: unknown(`unknown field "spec.running"`)},
		"taken off by the garbage collector":      {old: revision(","+ofMachine, `{"spec":{"running":true}}`), object: revision("", `{"spec":{"running":true}}`), user: kubeSystem("generic-garbage-collector"), want: strings.Replace(unknown(`unknown field "spec.running"`), `"tenant"`, `"system:serviceaccount:kube-system:generic-garbage-collector"`, 1)},
		"orphaned by the garbage collector":       {old: revision(","+ofSet, inside(`"metadata":`+core+`,`+in)), object: revision("", inside(`"metadata":`+core+`,`+in)), user: kubeSystem("generic-garbage-collector")},
		"adopted":                                 {old: revision("", inside(`"metadata":`+core+`,`+in)), object: revision(","+ofSet, inside(`"metadata":`+core+`,`+in)), user: kubeSystem("statefulset-controller")},
		"released":                                {old: revision(","+ofSet, inside(`"metadata":`+core+`,`+in)), object: revision("", inside(`"metadata":`+core+`,`+in)), user: kubeSystem("statefulset-controller")},
		"an earlier one that is annotated":        {old: revision(","+ofSet, `{"Spec":{}}`), object: revision(`,"annotations":{"a":"b"},`+ofSet, `{"Spec":{}}`)},
		"an earlier one that gets another label":  {old: revision(","+ofSet, `{"Spec":{}}`), object: revision(`,"labels":{"a":"b"},`+ofSet, `{"Spec":{}}`), want: unknown(`unknown field "Spec"`)},
	} {
		t.Run(name, func(t *testing.T) {
			user, operation := `"username":"tenant"`, `"operation":"CREATE"`
			if tc.user != "" {
				user = tc.user
			}
			if tc.old != "" {
				operation = `"operation":"UPDATE","oldObject":` + tc.old
			}
			mux := askingServer(t, func(context.Context, authenticationv1.UserInfo) (bool, error) { return false, nil })
			body := reviewOf(`{"uid":"u-1","namespace":"polyaxon","resource":{"group":"apps","resource":"controllerrevisions"},"userInfo":{` + user + `},"object":` + tc.object + `,` + operation + `}`)
			got := post(t, mux, "/workloads", []byte(body)).Response
			if diff := cmp.Diff(tc.want, got.Result.Message); diff != "" || got.Allowed != (tc.want == "") {
				t.Errorf("allowed %v (-want +got):\n%s", got.Allowed, diff)
			}
		})
	}
}

func kubeSystem(account string) string {
	return `"username":"system:serviceaccount:kube-system:` + account + `"`
}
