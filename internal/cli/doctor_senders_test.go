package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/doctor"
)

// TestSenders: the replicas that answer are added up; one that is away, or says what is no address, adds nothing.
func TestSenders(t *testing.T) {
	replicas := map[string]string{
		"a": `{"10.0.0.1":2,"fd00::1":1}`, "b": `{"10.0.0.1":40,"fe80::1%$(x)":1}`, "forged": `{"10.0.0.9":1,"'; rm -rf /":1}`,
	}
	served := map[string]string{}
	f := &doctor.Facts{Deployment: &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "system"},
		Spec:       appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{}},
	}}
	for _, name := range []string{"a", "away", "b", "forged"} {
		if text, there := replicas[name]; there {
			served["/api/v1/namespaces/system/pods/http:"+name+":8081/proxy/senders"] = text
		}
		ports := []corev1.ContainerPort{{Name: "https", ContainerPort: 9443}, {Name: "probes", ContainerPort: 8081}}
		f.Pods = append(f.Pods, &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "system", Name: name},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Ports: ports}}},
		})
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, there := served[r.URL.Path]
		if !there {
			http.Error(w, "dial tcp: no route to host", http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprint(w, text)
	}))
	defer server.Close()
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	of := input.NewConnection(flags, nil)
	if err := flags.Set("kubeconfig", kubeconfigFor(t, server.URL)); err != nil {
		t.Fatal(err)
	}
	got := reader{of, f}.senders(t.Context())
	want := map[netip.Addr]int{netip.MustParseAddr("10.0.0.1"): 42, netip.MustParseAddr("fd00::1"): 1, netip.MustParseAddr("fe80::1"): 1}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	f.Pods = f.Pods[1:2]
	if got := (reader{of, f}).senders(t.Context()); got != nil {
		t.Errorf("of none that answers: %v", got)
	}
}
