package webhook

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestBindings: a Binding is judged through both of its URLs.
func TestBindings(t *testing.T) {
	const fix = "leave it to the scheduler, or have the user listed in the policy's bindingUsers"
	refused := &metav1.Status{
		Status: "Failure", Code: 403, Reason: "Forbidden",
		Message: `bindings "train": target.name is "core-1", and user "tenant" may not choose the node of a pod; ` + fix + ` [binding]`,
		Details: &metav1.StatusDetails{Name: "train", Kind: "bindings", Causes: []metav1.StatusCause{{
			Type: "binding", Message: `is "core-1", and user "tenant" may not choose the node of a pod; ` + fix, Field: "target.name",
		}}},
	}
	const through = `{"uid":"u-1","operation":"CREATE","namespace":%q,"userInfo":{"username":%q},"name":"train",` +
		`"resource":{"group":"","version":"v1","resource":%q},"subResource":%q,` +
		`"object":{"apiVersion":"v1","kind":"Binding","metadata":{"name":"train"},"target":{"kind":"Node","name":"core-1"}}}`
	for name, tc := range map[string]struct {
		namespace, user, resource, sub string
		want                           *metav1.Status
	}{
		"a user through the pod":             {"polyaxon", "tenant", "pods", "binding", refused},
		"a user through the legacy URL":      {"polyaxon", "tenant", "bindings", "", refused},
		"the scheduler through the pod":      {"polyaxon", "system:kube-scheduler", "pods", "binding", nil},
		"a user in a namespace of his own":   {"elsewhere", "tenant", "pods", "binding", nil},
		"a user through a URL of the future": {"polyaxon", "tenant", "pods", "bind", refused},
	} {
		t.Run(name, func(t *testing.T) {
			body := reviewOf(fmt.Sprintf(through, tc.namespace, tc.user, tc.resource, tc.sub))
			got := post(t, testMux(t), "/validate", []byte(body)).Response
			if got.Allowed != (tc.want == nil) {
				t.Fatalf("got allowed %v: %+v", got.Allowed, got.Result)
			}
			if diff := cmp.Diff(tc.want, got.Result); tc.want != nil && diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEphemeralContainersAreHardened: the patch touches the security context of the container that was added, and
// nothing else; an update of the pod itself is not mutated.
func TestEphemeralContainersAreHardened(t *testing.T) {
	placed := placedReview(t, benchmarkReview(t))
	old := objectOf(t, placed)
	object := applyPatch(t, old, []byte(`[{"op":"add","path":"/spec/ephemeralContainers","value":[{"name":"debugger","image":"busybox"}]}]`))
	for sub, want := range map[string]string{
		"ephemeralcontainers": `[{"op":"add","path":"/spec/ephemeralContainers/0/securityContext","value":{"capabilities":{"drop":["ALL"]},"allowPrivilegeEscalation":false}}]`,
		"resize":              "",
		"":                    "",
	} {
		body := applyPatch(t, placed, fmt.Appendf(nil, `[{"op":"replace","path":"/request/operation","value":"UPDATE"},`+
			`{"op":"add","path":"/request/subResource","value":%q},{"op":"add","path":"/request/oldObject","value":%s},`+
			`{"op":"replace","path":"/request/object","value":%s}]`, sub, old, object))
		got := post(t, testMux(t), "/mutate", body).Response
		if diff := cmp.Diff(want, string(got.Patch)); diff != "" || !got.Allowed {
			t.Errorf("pods/%s: patch (-want +got):\n%s", sub, diff)
		}
	}
}
