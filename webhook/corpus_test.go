package webhook

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/corpus"
)

// TestCorpus sends every golden case through both webhooks as the bytes of a review, with a field of the future in every
// object: the pod that the patch makes is the golden one, the refusal is the golden sentence, and no field is lost.
func TestCorpus(t *testing.T) {
	cases, err := corpus.Cases()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range cases {
		t.Run(tc.Name, func(t *testing.T) {
			mux, raw, planted := corpusMux(t, tc), corpusReview(t, tc), 0
			raw, planted = plantInObject(t, raw)
			if answer := post(t, mux, "/mutate", raw).Response; answer.Patch != nil {
				raw = withObject(t, raw, applyPatch(t, objectOf(t, raw), answer.Patch))
			}
			// A helper that is moved loses the requirement that asked for core nodes, whole.
			if got := bytes.Count(objectOf(t, raw), []byte(`"fieldOfTheFuture"`)); got < planted && tc.Role != v1alpha1.RoleHelpers {
				t.Errorf("%d of %d unknown fields are left", got, planted)
			}
			answer := post(t, mux, "/validate", raw).Response
			if diff := cmp.Diff(strings.TrimSuffix(tc.Deny, "\n"), refusal(answer)); diff != "" {
				t.Errorf("refusal (-want +got):\n%s", diff)
			}
			if tc.Out != "" {
				if diff := cmp.Diff(podOf(t, yamlToJSON(t, tc.Out)), podOf(t, objectOf(t, raw))); diff != "" {
					t.Errorf("stored pod (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func corpusMux(t *testing.T, tc corpus.Case) *http.ServeMux {
	t.Helper()
	p, err := tc.Policy()
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	return newMux(parts{decider: &decider{policy: p, log: log, today: func() v1alpha1.Day { return tc.Today }}, metrics: newMetrics(nil), log: log})
}

// corpusReview is the case as an API server would ask it.
func corpusReview(t testing.TB, tc corpus.Case) []byte {
	t.Helper()
	r, err := tc.Request()
	if err != nil {
		t.Fatal(err)
	}
	request := &admissionv1.AdmissionRequest{
		UID:       "u-1",
		Kind:      metav1.GroupVersionKind{Version: "v1", Kind: "Pod"},
		Resource:  metav1.GroupVersionResource{Version: "v1", Resource: "pods"},
		Name:      r.Pod.Name,
		Namespace: r.Namespace,
		Operation: admissionv1.Create,
		UserInfo:  authenticationv1.UserInfo{Username: r.User.Name, Groups: r.User.Groups},
		Object:    runtime.RawExtension{Raw: yamlToJSON(t, tc.In)},
	}
	if tc.Old != "" {
		request.Operation, request.OldObject.Raw = admissionv1.Update, yamlToJSON(t, tc.Old)
	}
	raw, err := json.Marshal(admissionv1.AdmissionReview{TypeMeta: reviewKind, Request: request})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// plantInObject puts an unknown field into every object of the pod.
func plantInObject(t *testing.T, raw []byte) (planted []byte, count int) {
	t.Helper()
	var tree any
	if err := json.Unmarshal(objectOf(t, raw), &tree); err != nil {
		t.Fatal(err)
	}
	count = plant(tree, "labels", "annotations", "limits", "requests", "nodeSelector", "matchLabels")
	object, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	return withObject(t, raw, object), count
}

func refusal(answer *admissionv1.AdmissionResponse) string {
	if answer.Allowed {
		return ""
	}
	return answer.Result.Message
}

func yamlToJSON(t testing.TB, text string) []byte {
	t.Helper()
	b, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func podOf(t *testing.T, object []byte) *corev1.Pod {
	t.Helper()
	pod := &corev1.Pod{}
	if err := json.Unmarshal(object, pod); err != nil {
		t.Fatal(err)
	}
	return pod
}
