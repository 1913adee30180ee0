package failure_test

import (
	"strings"
	"testing"

	"k8s.io/client-go/kubernetes"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// alertsHear holds that the API server tells what PolymoatFailsClosed and PolymoatFailsOpen wait for.
func alertsHear(t *testing.T) {
	admin, err := kubernetes.NewForConfig(control.As(cluster.Admin))
	must(t, err)
	text, err := admin.RESTClient().Get().AbsPath("/metrics").DoRaw(t.Context())
	must(t, err)
	for _, line := range []string{
		`apiserver_admission_webhook_rejection_count{error_type="calling_webhook_error",name="validate.polymoat.io",operation="CREATE",rejection_code="503",type="validating"} `,
		`apiserver_admission_webhook_fail_open_count{name="core.polymoat.io",type="validating"} `,
	} {
		if !strings.Contains(string(text), "\n"+line) {
			t.Errorf("the API server does not tell %s", line)
		}
	}
}
