package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
)

const (
	coreLabels = `"metadata":{"labels":{"type":"polyaxon-core"}}`
	runLabels  = `"metadata":{"labels":{"app":"web"}}`
	inside     = `"spec":{"containers":[{"name":"main","image":"busybox"}]}`
	trusted    = `or have one of group "system:masters" or anyone who may "use" roles.polymoat.io "core" `
)

func deployment(template string) string {
	return `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":1,"template":{` + template + `}}}`
}

// TestWorkloads: who may write what into the pod templates of objects that make pods.
func TestWorkloads(t *testing.T) {
	core, run := deployment(coreLabels+","+inside), deployment(runLabels+","+inside)
	claims := func(what, at string) string {
		return what + ` of role "core": ` + at + ` "polyaxon-core" claims role "core", which user "tenant" is not trusted with; remove it, ` + trusted + "create it [core-claim]"
	}
	changed := `deployments.apps "web" of role "core": spec.template changes a template of role "core" (label type=polyaxon-core), ` +
		`which user "tenant" is not trusted with; leave it as it was, ` + trusted + "change it [core-claim]"
	for name, tc := range map[string]struct {
		resource, user, object, old, want string
		warnings                          []string
	}{
		"a claim of core":     {resource: `"group":"apps","resource":"deployments"`, object: core, want: claims(`deployments.apps "web"`, "spec.template.metadata.labels[type]")},
		"no claim":            {resource: `"group":"apps","resource":"deployments"`, object: run},
		"a trusted user":      {resource: `"group":"apps","resource":"deployments"`, object: core, user: `"username":"admin","groups":["system:masters"]`},
		"whoever RBAC trusts": {resource: `"group":"apps","resource":"deployments"`, object: core, user: `"username":"jane"`},
		"a claim that appears": {
			resource: `"group":"apps","resource":"deployments"`, object: core, old: run,
			want: claims(`deployments.apps "web"`, "spec.template.metadata.labels[type]"),
		},
		"a template of core that changes":             {resource: `"group":"apps","resource":"deployments"`, object: deployment(coreLabels + `,"spec":{"containers":[{"image":"evil"}]}`), old: core, want: changed},
		"a field of the future in a template of core": {resource: `"group":"apps","resource":"deployments"`, object: deployment(coreLabels + `,"spec":{"future":1,"containers":[{"name":"main","image":"busybox"}]}`), old: core, want: changed},
		"a template that was core":                    {resource: `"group":"apps","resource":"deployments"`, object: run, old: core, want: changed},
		"core that is scaled, labelled and marked": {
			resource: `"group":"apps","resource":"deployments"`, old: core,
			object: `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","labels":{"a":"b"}},"spec":{"replicas":7,"template":{` + coreLabels + "," + inside + `}},"status":{"replicas":1}}`,
		},
		"a ReplicaSet that the Deployment controller makes": {
			resource: `"group":"apps","resource":"replicasets"`, user: `"username":"system:serviceaccount:kube-system:deployment-controller"`,
			object: `{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"web-1","ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"web","controller":true}]},"spec":{"template":{` + coreLabels + "," + inside + `}}}`,
		},
		"a ReplicaSet with a forged owner": {
			resource: `"group":"apps","resource":"replicasets"`,
			object:   `{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"web-1","ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"web","controller":true}]},"spec":{"template":{` + coreLabels + "," + inside + `}}}`,
			want:     claims(`replicasets.apps "web-1"`, "spec.template.metadata.labels[type]"),
		},
		"a Job with the name of a hook": {
			resource: `"group":"batch","resource":"jobs"`,
			object:   `{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"polyaxon-tables"},"spec":{"template":{"metadata":{"labels":{"app":"polyaxon-polyaxon","release":"polyaxon"}},` + inside + `}}}`,
			want: `jobs.batch "polyaxon-tables" of role "core": spec.template.metadata.labels[app] "polyaxon-polyaxon" claims role "core" ` +
				`(Helm hook Job "polyaxon-tables" of release "polyaxon"), which user "tenant" is not trusted with; remove it, ` + trusted + "create it [core-claim]",
		},
		"the same labels under another name": {
			resource: `"group":"batch","resource":"jobs"`,
			object:   `{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"mine"},"spec":{"template":{"metadata":{"labels":{"app":"polyaxon-polyaxon","release":"polyaxon"}},` + inside + `}}}`,
		},
		"a label of an Operation, which reaches its pods": {
			resource: `"group":"core.polyaxon.com","resource":"operations"`,
			object:   `{"apiVersion":"core.polyaxon.com/v1","kind":"Operation","metadata":{"name":"run","labels":{"type":"polyaxon-core"}},"batchJobSpec":{"template":{` + inside + `}}}`,
			want:     claims(`operations.core.polyaxon.com "run"`, "metadata.labels[type]"),
		},
		"a kind of the future": {
			resource: `"group":"example.com","resource":"waves"`,
			object:   `{"apiVersion":"example.com/v9","kind":"Wave","metadata":{"name":"w"},"spec":{"crests":[{"template":{` + runLabels + "," + inside + `}},{"template":{` + coreLabels + "," + inside + `}}]}}`,
			want:     claims(`waves.example.com "w"`, "spec.crests[1].template.metadata.labels[type]"),
		},
		"a key of another case in a kind of the future": {
			resource: `"group":"example.com","resource":"waves"`,
			object:   `{"apiVersion":"example.com/v9","kind":"Wave","metadata":{"name":"w"},"spec":{"template":{"Metadata":{"labels":{"type":"polyaxon-core"}},` + inside + `}}}`,
			want: `waves.example.com "w" of role "other": spec.template is another pod for readers who take "Spec" for "spec": ` +
				`it may claim role "core", which user "tenant" is not trusted with; spell its keys as Kubernetes does, ` + trusted + "create it [core-claim]",
		},
		"an object that is a template": {
			resource: `"group":"example.com","resource":"waves"`,
			object:   `{"apiVersion":"example.com/v9","kind":"Wave",` + coreLabels + `,"spec":{"containers":[{}]}}`, old: `{"apiVersion":"example.com/v9","kind":"Wave",` + coreLabels + "," + inside + `}`,
			want: `waves.example.com "" of role "core": spec changes a template of role "core" (label type=polyaxon-core), ` +
				`which user "tenant" is not trusted with; leave it as it was, ` + trusted + "change it [core-claim]",
		},
		"a ReplicaSet whose own labels claim core": {
			resource: `"group":"apps","resource":"replicasets"`,
			object:   `{"apiVersion":"apps/v1","kind":"ReplicaSet",` + coreLabels + `,"spec":{"template":{` + runLabels + "," + inside + `}}}`,
			want:     claims(`replicasets.apps ""`, "metadata.labels[type]"),
		},
		"own labels that claim core by a status": {
			resource: `"group":"apps","resource":"replicasets"},"subResource":"status","x":{"a":"b"`,
			object:   `{"apiVersion":"apps/v1","kind":"ReplicaSet",` + coreLabels + `,"spec":{"template":{` + runLabels + "," + inside + `}}}`,
			old:      `{"apiVersion":"apps/v1","kind":"ReplicaSet",` + runLabels + `,"spec":{"template":{` + runLabels + "," + inside + `}}}`,
			want:     claims(`replicasets/status.apps ""`, "metadata.labels[type]"),
		},
		"own labels that claimed core before": {
			resource: `"group":"apps","resource":"replicasets"`,
			object:   `{"apiVersion":"apps/v1","kind":"ReplicaSet",` + coreLabels + `,"spec":{"replicas":1,"template":{` + runLabels + "," + inside + `}}}`,
			old:      `{"apiVersion":"apps/v1","kind":"ReplicaSet",` + coreLabels + `,"spec":{"template":{` + runLabels + "," + inside + `}}}`,
		},
		"own labels that no longer claim core": {
			resource: `"group":"apps","resource":"replicasets"`,
			object:   `{"apiVersion":"apps/v1","kind":"ReplicaSet",` + runLabels + `,"spec":{"template":{` + runLabels + "," + inside + `}}}`,
			old:      `{"apiVersion":"apps/v1","kind":"ReplicaSet",` + coreLabels + `,"spec":{"template":{` + runLabels + "," + inside + `}}}`,
			warnings: []string{`metadata.labels no longer claims role "core", as it did by label type=polyaxon-core; put that back unless Polyaxon is to lose it`},
		},
		"a template that a trusted user takes core off": {
			resource: `"group":"apps","resource":"deployments"`, object: run, old: core, user: `"username":"admin","groups":["system:masters"]`,
			warnings: []string{`spec.template no longer claims role "core", as it did by label type=polyaxon-core; put that back unless Polyaxon is to lose it`},
		},
		"an Operation whose pods will be refused": {
			resource: `"group":"core.polyaxon.com","resource":"operations"`,
			object:   runOperation(`"nodeName":"core-1",`),
			warnings: []string{
				`batchJobSpec.template: its pods of role "jobs" will be refused: ` +
					`environment.nodeName is "core-1", which bypasses the scheduler and every taint; remove it and let the scheduler choose among nodes labelled polyaxon=experiments [node-name]`,
			},
		},
		"an Operation whose pods will be refused as before": {
			resource: `"group":"core.polyaxon.com","resource":"operations"`,
			object:   runOperation(`"nodeName":"core-1",`), old: runOperation(`"nodeName":"core-1",`),
		},
		"an object that makes no pods": {resource: `"group":"","resource":"configmaps"`, object: `{"apiVersion":"v1","kind":"ConfigMap"}`},
		"a namespace that is not governed": {
			resource: `"group":"apps","resource":"deployments"},"namespace":"elsewhere","x":{"a":"b"`, object: core,
		},
	} {
		t.Run(name, func(t *testing.T) {
			user, operation := `"username":"tenant"`, `"operation":"CREATE"`
			if tc.user != "" {
				user = tc.user
			}
			if tc.old != "" {
				operation = `"operation":"UPDATE","oldObject":` + tc.old
			}
			mux := askingServer(t, func(_ context.Context, u authenticationv1.UserInfo) (bool, error) { return u.Username == "jane", nil })
			body := reviewOf(`{"uid":"u-1","namespace":"polyaxon","resource":{` + tc.resource + `},"userInfo":{` + user + `},"object":` + tc.object + `,` + operation + `}`)
			got := post(t, mux, "/workloads", []byte(body)).Response
			if got.Allowed != (tc.want == "") {
				t.Errorf("got allowed %v", got.Allowed)
			}
			if diff := cmp.Diff(tc.want, got.Result.Message); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.warnings, got.Warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

// runOperation is the Operation of a job, with more in its pod's spec.
func runOperation(spec string) string {
	return `{"apiVersion":"core.polyaxon.com/v1","kind":"Operation","metadata":{"name":"run","labels":{"app.kubernetes.io/part-of":"polyaxon-runs",` +
		`"app.kubernetes.io/component":"polyaxon-jobs"}},"batchJobSpec":{"template":{"spec":{` + spec + `"containers":[{"name":"polyaxon-main","image":"busybox"}]}}}}`
}

// askingServer is testServer with somebody who answers for RBAC.
func askingServer(t *testing.T, answer func(context.Context, authenticationv1.UserInfo) (bool, error)) http.Handler {
	t.Helper()
	policies, err := LoadPolicies("")
	if err != nil {
		t.Fatal(err)
	}
	m, log := newMetrics(policies.documents), slog.New(slog.DiscardHandler)
	return newMux(parts{decider: &decider{policy: policies.compiled, mayUseCore: answer, log: log, today: utcToday}, metrics: m, log: log})
}

// TestRBACIsAsked only for claims of core by users that nobody else trusts, and its silence refuses.
func TestRBACIsAsked(t *testing.T) {
	pod := func(labels string) string { return `{"apiVersion":"v1","kind":"Pod",` + labels + "," + inside + "}" }
	const failed = `polymoat: could not ask whether user "tenant" may "use" roles.polymoat.io "core"; this is not a decision of the policy, and polymoat's log says more`
	for name, tc := range map[string]struct {
		path, object, user string
		err                error
		asked, code        int
		message            string
	}{
		"a pod that claims nothing":             {path: "/validate", object: pod(runLabels), user: `"username":"tenant"`, code: 200},
		"a pod that claims core":                {path: "/validate", object: pod(coreLabels), user: `"username":"tenant"`, asked: 1, code: 200},
		"a pod of a trusted user":               {path: "/validate", object: pod(coreLabels), user: `"username":"a","groups":["system:masters"]`, code: 200},
		"a pod whose user nobody knows":         {path: "/validate", object: pod(coreLabels), user: `"username":"tenant"`, err: errors.New("timeout"), asked: 1, code: 500, message: failed},
		"a workload that claims nothing":        {path: "/workloads", object: deployment(runLabels + "," + inside), user: `"username":"tenant"`, code: 200},
		"a workload that claims core":           {path: "/workloads", object: deployment(coreLabels + "," + inside), user: `"username":"tenant"`, asked: 1, code: 200},
		"a workload whose user nobody knows":    {path: "/workloads", object: deployment(coreLabels + "," + inside), user: `"username":"tenant"`, err: errors.New("timeout"), asked: 1, code: 500, message: failed},
		"a pod that comes through another door": {path: "/workloads", object: pod(coreLabels), user: `"username":"tenant"`, code: 400, message: "polymoat: request.object is a pod; have /validate judge it"},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			mux := askingServer(t, func(context.Context, authenticationv1.UserInfo) (bool, error) { asked++; return tc.err == nil, tc.err })
			body := fmt.Sprintf(`{"uid":"u-1","namespace":"polyaxon","operation":"CREATE","resource":{"resource":"any"},"userInfo":{%s},"object":%s}`, tc.user, tc.object)
			got := post(t, mux, tc.path, []byte(reviewOf(body))).Response
			if asked != tc.asked || int(got.Result.Code) != tc.code || got.Allowed != (tc.code == 200) {
				t.Errorf("asked %d times, answered %+v", asked, got.Result)
			}
			if tc.message != "" && got.Result.Message != tc.message {
				t.Errorf("got message %s", got.Result.Message)
			}
		})
	}
}

// TestMalformedWorkload: what cannot be judged is refused in words of its own.
func TestMalformedWorkload(t *testing.T) {
	for name, tc := range map[string]struct{ request, want string }{
		"no object":                      {`"operation":"CREATE"`, "request.object is missing"},
		"an update from nothing":         {`"operation":"UPDATE","object":{"kind":"Wave"}`, "request.oldObject is missing"},
		"an object of text":              {`"operation":"CREATE","object":"x"`, "request.object does not decode: json: cannot unmarshal string into Go value of type map[string]interface {}"},
		"more templates than are judged": {`"operation":"CREATE","object":{"kind":"Wave","a":[` + strings.Repeat(`{`+inside+`},`, 128) + `{` + inside + `}]}`, "request.object has more than 128 pod templates"},
		"another operation":              {`"operation":"PATCH"`, `request.operation is "PATCH", not CREATE, UPDATE, DELETE or CONNECT`},
	} {
		t.Run(name, func(t *testing.T) {
			got := post(t, testMux(t), "/workloads", []byte(reviewOf(`{"uid":"u-1","namespace":"polyaxon",`+tc.request+`}`))).Response
			if diff := cmp.Diff("polymoat: "+tc.want, got.Result.Message); diff != "" || got.Result.Code != 400 {
				t.Errorf("code %d (-want +got):\n%s", got.Result.Code, diff)
			}
		})
	}
}

// TestWrongTypes: an Operation with a field of the wrong type is refused in the plugin's words. The API server does not look
// into it, and Polyaxon would hide what becomes of it.
func TestWrongTypes(t *testing.T) {
	spec := func(fields string) string {
		return `{"apiVersion":"core.polyaxon.com/v1","kind":"Operation","metadata":{"name":"run"},"batchJobSpec":{"template":{"spec":{` + fields + `}}}}`
	}
	const container = `"containers":[{"name":"main","image":"busybox"}]`
	for name, tc := range map[string]struct{ object, want string }{
		"an environment variable": {spec(`"containers":[{"name":"main","env":[{"name":"PORT","value":8080}]}]`),
			"batchJobSpec.template.spec.containers[0].env[0].value must be a string, not the number 8080; put it in quotes"},
		"a selector of text": {spec(container + `,"nodeSelector":"core"`),
			`batchJobSpec.template.spec.nodeSelector must be a mapping, not the string "core"`},
		"tolerations without a list": {spec(container + `,"tolerations":{"operator":"Exists"}`),
			"batchJobSpec.template.spec.tolerations must be a list, not a mapping"},
		"a truth of text": {spec(container + `,"hostNetwork":"yes"`), `batchJobSpec.template.spec.hostNetwork must be true or false, not the string "yes"`},
		"a quantity that is none": {spec(`"containers":[{"name":"main","resources":{"limits":{"memory":"much"}}}]`),
			`batchJobSpec.template.spec.containers[0].resources.limits.memory is the string "much": quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`},
		"a label that is no text": {`{"kind":"Wave","a":{"metadata":{"labels":{"type":5}},` + inside + `}}`, "a.metadata.labels.type must be a string, not the number 5; put it in quotes"},
		"owners that are none":    {`{"kind":"Wave","metadata":{"ownerReferences":7}}`, "metadata.ownerReferences must be a list, not the number 7"},
		"much text": {spec(container + `,"nodeSelector":"` + strings.Repeat("x", 1000) + `"`),
			`batchJobSpec.template.spec.nodeSelector must be a mapping, not the string "` + strings.Repeat("x", 120) + `..."`},
	} {
		t.Run(name, func(t *testing.T) {
			got := post(t, testMux(t), "/workloads", []byte(reviewOf(`{"uid":"u-1","namespace":"polyaxon","operation":"CREATE","object":`+tc.object+`}`))).Response
			if diff := cmp.Diff("polymoat: "+tc.want, got.Result.Message); diff != "" || got.Result.Code != 422 || got.Result.Reason != "Invalid" {
				t.Errorf("code %d, reason %q (-want +got):\n%s", got.Result.Code, got.Result.Reason, diff)
			}
		})
	}
}

// TestDryRunOfWorkload: what is only tried is counted as that.
func TestDryRunOfWorkload(t *testing.T) {
	mux := testMux(t)
	body := `{"uid":"u-1","namespace":"polyaxon","operation":"CREATE","dryRun":true,"userInfo":{"username":"tenant"},"object":` + deployment(coreLabels+","+inside) + "}"
	post(t, mux, "/workloads", []byte(reviewOf(body)))
	const want = `polymoat_reviews_total{dry_run="true",policy="polyaxon",role="core",verdict="Denied",webhook="workloads"} 1`
	if got := scrapeMetrics(t, mux, "polymoat_reviews_total"); !strings.Contains(got, want) {
		t.Errorf("metrics are %s, want %s", got, want)
	}
}
