package cli

import (
	"strings"
	"testing"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// TestInitReadsTheCluster: nodes, Karpenter's NodePools and Polyaxon's Deployments make a draft; what may not be seen is noted.
func TestInitReadsTheCluster(t *testing.T) {
	const list = `"metadata":{"resourceVersion":"1"},"items":[`
	_, config := answering(t, map[string]string{
		"/api/v1/nodes": `{"apiVersion":"v1","kind":"NodeList",` + list + `{"metadata":{"name":"a","labels":{"workload":"system"}},` +
			`"spec":{"taints":[{"key":"dedicated","value":"system","effect":"NoSchedule"}]}}]}`,
		"/apis/apps/v1/deployments": `{"apiVersion":"apps/v1","kind":"DeploymentList",` + list +
			`{"metadata":{"name":"plx-polyaxon-api","namespace":"mlops","labels":{"app.kubernetes.io/part-of":"polyaxon-core","release":"plx"}}}]}`,
		"/apis/karpenter.sh/v1/nodepools": `{"apiVersion":"karpenter.sh/v1","kind":"NodePoolList",` + list +
			`{"apiVersion":"karpenter.sh/v1","kind":"NodePool","metadata":{"name":"ml"},"spec":{"template":{"metadata":{"labels":{"workload":"ml"}},` +
			`"spec":{"taints":[{"key":"dedicated","value":"ml","effect":"NoSchedule"}]}}}}]}`,
		"/apis/scheduling.k8s.io/v1/priorityclasses": `{"apiVersion":"scheduling.k8s.io/v1","kind":"PriorityClassList",` + list +
			`{"metadata":{"name":"system-node-critical"}},{"metadata":{"name":"low"}}]}`,
	})
	var out, errOut strings.Builder
	code := Main([]string{"init", "--kubeconfig", config}, strings.NewReader(""), &out, &errOut)
	if want := "note: namespaces are not known: /api/v1/namespaces is forbidden\n"; code != 0 || errOut.String() != want {
		t.Fatalf("exit code %d\n%swant\n%s", code, errOut.String(), want)
	}
	p, err := v1alpha1.Load("draft", []byte(out.String()))
	if err != nil || len(p.Doubts) > 0 {
		t.Fatalf("%v %s\n%s", err, p.Doubts, out.String())
	}
	pools := p.Spec.NodePools
	if p.Metadata.Name != "plx" || len(pools) != 2 || pools[0].NodeLabel.Value != "system" || pools[1].NodeLabel.Value != "ml" {
		t.Errorf("got\n%s", out.String())
	}
	if want := "# Priority classes of the cluster: low. "; !strings.Contains(out.String(), want) {
		t.Errorf("want %q in\n%s", want, out.String())
	}
}
