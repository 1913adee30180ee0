package cluster

import (
	"bytes"
	"encoding/json"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestCABundlePatch: what is to change is written, at its place, and only while nobody else has written.
func TestCABundlePatch(t *testing.T) {
	c := &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "7"}}
	for _, ca := range []string{"old", "new", ""} {
		c.Webhooks = append(c.Webhooks, admissionregistrationv1.ValidatingWebhook{
			ClientConfig: admissionregistrationv1.WebhookClientConfig{CABundle: []byte(ca)},
		})
	}
	write := func(present []byte) []byte {
		if bytes.Equal(present, []byte("new")) {
			return nil
		}
		return []byte("new")
	}
	got, err := json.Marshal(caBundlePatch(c, write))
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"op":"add","path":"/webhooks/0/clientConfig/caBundle","value":"bmV3"},` +
		`{"op":"add","path":"/webhooks/2/clientConfig/caBundle","value":"bmV3"},` +
		`{"op":"replace","path":"/metadata/resourceVersion","value":"7"}]`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if patch := caBundlePatch(c, func([]byte) []byte { return nil }); patch != nil {
		t.Errorf("nothing is to change, and the patch is %v", patch)
	}
}
