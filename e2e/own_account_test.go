package e2e_test

import (
	"encoding/base64"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// ownAccount is the service account of install.yaml, with self-managed certificates.
const ownAccount = "system:serviceaccount:" + cluster.System + ":polymoat"

// onSecrets is a webhook that would read every Secret which somebody writes.
const onSecrets = `{"name":"spy.polymoat.io","clientConfig":{"url":"https://192.0.2.1/"},"failurePolicy":"Ignore","sideEffects":"None","admissionReviewVersions":["v1"],` +
	`"rules":[{"apiGroups":[""],"apiVersions":["v1"],"resources":["secrets"],"operations":["*"]}]}`

// TestOwnAccount: whoever has the token of polymoat's own service account writes caBundles into its webhooks, and
// changes nothing else of them. By dry-run: the API server judges it all the same.
func TestOwnAccount(t *testing.T) {
	account := as(t, ownAccount)
	named := metav1.ObjectMeta{Name: "polymoat"}
	mutating := &admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: named}
	validating := &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: named}
	bundle := base64.StdEncoding.EncodeToString(control.Installed().CA)
	const refusal = "polymoat's own service account may change nothing of its webhooks but clientConfig.caBundle"
	for name, tc := range map[string]struct {
		object client.Object
		patch  string
		free   bool
	}{
		"an authority":                   {mutating, `[{"op":"add","path":"/webhooks/0/clientConfig/caBundle","value":"` + bundle + `"}]`, true},
		"two authorities":                {validating, `[{"op":"add","path":"/webhooks/0/clientConfig/caBundle","value":"` + twice(t) + `"}]`, true},
		"no authority":                   {validating, `[{"op":"remove","path":"/webhooks/0/clientConfig/caBundle"}]`, true},
		"a webhook on Secrets":           {mutating, `[{"op":"add","path":"/webhooks/-","value":` + onSecrets + `}]`, false},
		"another one on Secrets":         {validating, `[{"op":"add","path":"/webhooks/-","value":` + onSecrets + `}]`, false},
		"a webhook in another's place":   {validating, `[{"op":"replace","path":"/webhooks/0","value":` + onSecrets + `}]`, false},
		"no webhooks":                    {validating, `[{"op":"remove","path":"/webhooks"}]`, false},
		"a webhook less":                 {validating, `[{"op":"remove","path":"/webhooks/0"}]`, false},
		"another order":                  {validating, `[{"op":"move","from":"/webhooks/0","path":"/webhooks/1"}]`, false},
		"another name":                   {validating, `[{"op":"replace","path":"/webhooks/0/name","value":"other.polymoat.io"}]`, false},
		"another resource":               {mutating, `[{"op":"add","path":"/webhooks/0/rules/0/resources/-","value":"secrets"}]`, false},
		"one rule more":                  {validating, `[{"op":"add","path":"/webhooks/0/rules/-","value":{"apiGroups":[""],"apiVersions":["v1"],"resources":["secrets"],"operations":["*"]}}]`, false},
		"another URL":                    {validating, `[{"op":"replace","path":"/webhooks/0/clientConfig/url","value":"https://192.0.2.1/"}]`, false},
		"a Service for the URL":          {validating, `[{"op":"replace","path":"/webhooks/0/clientConfig","value":{"service":{"namespace":"polyaxon","name":"mine"}}}]`, false},
		"every namespace":                {validating, `[{"op":"remove","path":"/webhooks/0/namespaceSelector"}]`, false},
		"other objects":                  {validating, `[{"op":"replace","path":"/webhooks/0/objectSelector","value":{"matchLabels":{"a":"b"}}}]`, false},
		"no conditions":                  {validating, `[{"op":"remove","path":"/webhooks/0/matchConditions"}]`, false},
		"a condition more":               {validating, `[{"op":"add","path":"/webhooks/0/matchConditions/-","value":{"name":"never","expression":"false"}}]`, false},
		"one more where there were none": {mutating, `[{"op":"add","path":"/webhooks/0/matchConditions","value":[{"name":"never","expression":"false"}]}]`, false},
		"exact matches alone":            {validating, `[{"op":"replace","path":"/webhooks/0/matchPolicy","value":"Exact"}]`, false},
		"it fails open":                  {validating, `[{"op":"replace","path":"/webhooks/0/failurePolicy","value":"Ignore"}]`, false},
		"side effects":                   {mutating, `[{"op":"replace","path":"/webhooks/0/sideEffects","value":"NoneOnDryRun"}]`, false},
		"a timeout":                      {validating, `[{"op":"replace","path":"/webhooks/0/timeoutSeconds","value":1}]`, false},
		"never asked again":              {mutating, `[{"op":"replace","path":"/webhooks/0/reinvocationPolicy","value":"Never"}]`, false},
		"a label":                        {mutating, `[{"op":"add","path":"/metadata/labels/a","value":"b"}]`, false},
		"a label less":                   {validating, `[{"op":"remove","path":"/metadata/labels/app.kubernetes.io~1name"}]`, false},
		"cert-manager's annotation":      {mutating, `[{"op":"add","path":"/metadata/annotations","value":{"cert-manager.io/inject-ca-from":"polyaxon/mine"}}]`, false},
		"an owner that goes":             {mutating, `[{"op":"add","path":"/metadata/ownerReferences","value":[{"apiVersion":"v1","kind":"Node","name":"gone","uid":"0"}]}]`, false},
		"a finalizer":                    {validating, `[{"op":"add","path":"/metadata/finalizers","value":["example.com/never"]}]`, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := account.Patch(t.Context(), tc.object.DeepCopyObject().(client.Object), client.RawPatch(types.JSONPatchType, []byte(tc.patch)), client.DryRunAll)
			switch {
			case tc.free && err != nil:
				t.Error(err)
			case !tc.free && (err == nil || !strings.HasSuffix(err.Error(), refusal)):
				t.Errorf("got %v, want %s", err, refusal)
			}
		})
	}
	t.Run("an administrator", func(t *testing.T) {
		label := client.RawPatch(types.JSONPatchType, []byte(`[{"op":"add","path":"/metadata/labels/a","value":"b"}]`))
		if err := as(t, cluster.Admin).Patch(t.Context(), mutating.DeepCopy(), label, client.DryRunAll); err != nil {
			t.Error(err)
		}
	})
}

// twice are two authorities, as there are while one takes the place of the other.
func twice(t *testing.T) string {
	t.Helper()
	ca := control.Installed().CA
	return base64.StdEncoding.EncodeToString(append(append([]byte{}, ca...), ca...))
}

// TestScope: what audit, events and reports need is granted in the governed namespaces, if they are there when helm
// installs, and everywhere if not. Both are installed without an error.
func TestScope(t *testing.T) {
	r := newTrial(t)
	for _, tc := range []struct {
		name, governed, scope string
		narrow                bool
	}{
		{"the namespace is there", "trial", "auto", true},
		{"the administrator wants it wide", "trial", "cluster", false},
		{"the namespace is not there yet", "trial-later", "auto", false},
		{"the administrator wants it narrow", "trial", "namespaces", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r.helm("--values="+policyValues(t, tc.governed, "first"), "--set=rbac.scope="+tc.scope)
			for _, right := range []authorizationv1.ResourceAttributes{
				{Verb: "list", Resource: "pods"}, {Verb: "create", Resource: "events"}, {Verb: "get", Group: "ray.io", Resource: "rayjobs"},
				{Verb: "delete", Group: "openreports.io", Resource: "reports"},
			} {
				for namespace, want := range map[string]bool{"trial": true, "elsewhere": !tc.narrow, "kube-system": !tc.narrow, "": !tc.narrow} {
					right.Namespace = namespace
					if got := mayOwnAccount(t, right); got != want {
						t.Errorf("%s %s in namespace %q: %t, want %t", right.Verb, right.Resource, namespace, got, want)
					}
				}
			}
		})
	}
}

// mayOwnAccount asks RBAC about the service account of the trial.
func mayOwnAccount(t *testing.T, right authorizationv1.ResourceAttributes) bool {
	t.Helper()
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &right}}
	if err := as(t, "system:serviceaccount:trial-system:trial-polymoat").Create(t.Context(), review); err != nil {
		t.Fatal(err)
	}
	return review.Status.Allowed
}
