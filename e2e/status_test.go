package e2e_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// corePod is a pod of Polyaxon's own, as an administrator makes it. The scheduler binds it, and kwok runs it, unless nobody
// is its scheduler.
func corePod(t *testing.T, name, scheduler string) *corev1.Pod {
	t.Helper()
	pod := plainPod(cluster.Namespace)
	pod.Name, pod.Labels, pod.Spec.SchedulerName = name, map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"}, scheduler
	create(t, as(t, cluster.Admin), pod)
	return pod
}

// running waits until kwok runs the pod.
func running(t *testing.T, pod *corev1.Pod) *corev1.Pod {
	t.Helper()
	if err := control.Await("a pod that runs", func(ctx context.Context) error {
		if err := as(t, cluster.Admin).Get(ctx, client.ObjectKeyFromObject(pod), pod); err != nil {
			return err
		}
		if pod.Status.Phase != corev1.PodRunning || pod.Status.PodIP == "" {
			return fmt.Errorf("pod %s is %s", pod.Name, pod.Status.Phase)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return pod
}

// patchStatus changes a pod's status, and nothing of the pod that it is given.
func patchStatus(t *testing.T, c client.Client, pod *corev1.Pod, status string) error {
	t.Helper()
	patch := client.RawPatch(types.StrategicMergePatchType, []byte(`{"status":`+status+`}`))
	return c.SubResource("status").Patch(t.Context(), pod.DeepCopy(), patch)
}

// asNode is a client of the node's kubelet.
func asNode(t *testing.T, node string) client.Client {
	t.Helper()
	config := control.Impersonating("system:node:" + node)
	config.Impersonate.Groups = []string{"system:nodes"}
	c, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const notReady = `{"conditions":[{"type":"Ready","status":"False"}]}`

// The statuses of core's pods are not a tenant's, and no pod of theirs gets room on core's nodes.
func TestTenantSteersNoStatus(t *testing.T) {
	api, waits := running(t, corePod(t, "api", "")), corePod(t, "waits", "nobody")
	run := waiting(t, "run")
	tenant := as(t, cluster.Tenant)
	denied := func(pod *corev1.Pod, role string) string {
		return fmt.Sprintf("admission webhook \"validate.polymoat.io\" denied the request: pods %q of role %q: ", pod.Name, role)
	}
	const rest = ` of a pod of role "core", which user "tenant" is not trusted with; leave it to the node's kubelet, or ` + trusted + "change it [pod-status]"
	const room = ", and keeps room there that core pods may need; leave it to the scheduler, or have the user listed in the policy's bindingUsers [pod-status]"
	for name, tc := range map[string]struct {
		pod          *corev1.Pod
		status, want string
	}{
		"room on a core node":               {run, `{"nominatedNodeName":"core-1"}`, denied(run, "jobs") + `status.nominatedNodeName is "core-1", a protected node (labelled polyaxon=core)` + room},
		"room on a node that is not there":  {run, `{"nominatedNodeName":"core-9"}`, denied(run, "jobs") + `status.nominatedNodeName is "core-9", which is not known and may be a protected node` + room},
		"room for core itself":              {waits, `{"nominatedNodeName":"core-1"}`, denied(waits, "core") + `status.nominatedNodeName is "core-1", a protected node (labelled polyaxon=core)` + room},
		"an address of one's own":           {api, `{"podIP":"10.9.9.9","podIPs":[{"$patch":"replace"},{"ip":"10.9.9.9"}]}`, denied(api, "core") + `status changes podIP, podIPs` + rest},
		"an address before there is one":    {waits, `{"podIP":"10.9.9.9","podIPs":[{"ip":"10.9.9.9"}]}`, denied(waits, "core") + `status changes podIP, podIPs` + rest},
		"an address of a node of one's own": {api, `{"hostIP":"10.9.9.9","hostIPs":[{"$patch":"replace"},{"ip":"10.9.9.9"}]}`, denied(api, "core") + `status changes hostIP, hostIPs` + rest},
		"containers that are not Ready":     {api, `{"conditions":[{"type":"ContainersReady","status":"False"}]}`, denied(api, "core") + `status changes conditions[ContainersReady]` + rest},
		"not initialized":                   {api, `{"conditions":[{"type":"Initialized","status":"False"}]}`, denied(api, "core") + `status changes conditions[Initialized]` + rest},
		"not scheduled":                     {api, `{"conditions":[{"type":"PodScheduled","status":"False"}]}`, denied(api, "core") + `status changes conditions[PodScheduled]` + rest},
		"an end":                            {api, `{"phase":"Failed"}`, denied(api, "core") + `status changes phase` + rest},
		"not Ready":                         {api, notReady, denied(api, "core") + `status changes conditions[Ready]` + rest},
		"Ready before its time":             {waits, `{"conditions":[{"type":"Ready","status":"True"}]}`, denied(waits, "core") + `status changes conditions[Ready]` + rest},
		"more than the pod asked for":       {api, `{"allocatedResources":{"cpu":"64"}}`, denied(api, "core") + `status changes allocatedResources` + rest},
		"a container that has the node":     {api, `{"containerStatuses":[{"$patch":"replace"},{"name":"main","image":"busybox:1.36","imageID":"","ready":true,"restartCount":0,"allocatedResources":{"cpu":"64"},"resources":{"requests":{"cpu":"64"}},"state":{"running":{}}}]}`, denied(api, "core") + `status changes containerStatuses` + rest},
		"room on a node for runs":           {run, `{"nominatedNodeName":"experiments-1"}`, ""},
		"the status of one's own run":       {run, notReady, ""},
		"a readiness gate of a core pod":    {api, `{"conditions":[{"type":"example.com/gate","status":"True"}]}`, ""},
		"a core pod's end that is foretold": {api, `{"conditions":[{"type":"DisruptionTarget","status":"True"}]}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, message(patchStatus(t, tenant, tc.pod, tc.status))); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

// Kubernetes itself goes on writing statuses, and kube-scheduler makes room for core.
func TestKubernetesWritesStatuses(t *testing.T) {
	const accounts = "system:serviceaccount:kube-system:"
	api, waits := running(t, corePod(t, "api", "")), corePod(t, "waits", "nobody")
	run := waiting(t, "run")
	scheduler, tenant := as(t, "system:kube-scheduler"), as(t, cluster.Tenant)
	for _, step := range []struct {
		who    string
		c      client.Client
		pod    *corev1.Pod
		status string
	}{
		{"the kubelet", asNode(t, api.Spec.NodeName), api, `{"podIP":"10.244.9.9","podIPs":[{"$patch":"replace"},{"ip":"10.244.9.9"}]}`},
		{"node-controller", as(t, accounts+"node-controller"), api, notReady},
		{"disruption-controller", as(t, accounts+"disruption-controller"), api, `{"conditions":[{"type":"DisruptionTarget","status":"False"}]}`},
		{"taint eviction", as(t, accounts+"node-controller"), api, `{"conditions":[{"type":"DisruptionTarget","status":"True"}]}`},
		{"pod-garbage-collector", as(t, accounts+"pod-garbage-collector"), api, `{"phase":"Failed","conditions":[{"type":"DisruptionTarget","status":"True"}]}`},
		{"the scheduler, that finds no node", scheduler, waits, `{"conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable"}]}`},
		{"the scheduler, that evicts for core", scheduler, waits, `{"nominatedNodeName":"core-1"}`},
		{"a tenant, that clears it", tenant, waits, `{"nominatedNodeName":null}`},
		{"the scheduler, with a run", scheduler, run, `{"nominatedNodeName":"core-1"}`},
		{"an administrator", as(t, cluster.Admin), waits, notReady},
	} {
		if err := patchStatus(t, step.c, step.pod, step.status); err != nil {
			t.Errorf("%s: %v", step.who, err)
		}
	}
}

// The kubelet of a pod's node reports to the API server, which asks nobody. Of labels it asks, whoever writes them.
func TestHeartbeatsAreNotAskedAbout(t *testing.T) {
	api, run := corePod(t, "api", ""), jobPod("own-run")
	create(t, as(t, cluster.Tenant), run)
	kubelet := asNode(t, running(t, api).Spec.NodeName)
	running(t, run)
	const heartbeats = 50
	askedBefore, sparedBefore := counted(t)
	for i := range heartbeats {
		if err := patchStatus(t, kubelet, api, fmt.Sprintf(`{"message":"heartbeat %d"}`, i)); err != nil {
			t.Fatal(err)
		}
	}
	askedAfter, sparedAfter := counted(t)
	if got := askedAfter - askedBefore; got != 0 {
		t.Errorf("polymoat was asked %d times about %d heartbeats", got, heartbeats)
	}
	if got := sparedAfter - sparedBefore; got < heartbeats {
		t.Errorf("the API server left out %d reviews, want %d at least", got, heartbeats)
	}
	for name, tc := range map[string]struct {
		c     client.Client
		pod   *corev1.Pod
		patch string
	}{
		"an override with a heartbeat":   {kubelet, api, `{"metadata":{"annotations":{"polymoat.io/node-pool":"builds"}},"status":{"message":"a"}}`},
		"core's labels with a heartbeat": {asNode(t, run.Spec.NodeName), run, `{"metadata":{"labels":{"app.kubernetes.io/part-of":"polyaxon-core"}}}`},
		"the kubelet of another node":    {asNode(t, "builds-1"), api, `{"status":{"phase":"Failed"}}`},
	} {
		err := tc.c.SubResource("status").Patch(t.Context(), tc.pod.DeepCopy(), client.RawPatch(types.StrategicMergePatchType, []byte(tc.patch)))
		if !apierrors.IsForbidden(err) && !apierrors.IsInvalid(err) {
			t.Errorf("%s: got %v, want a refusal", name, err)
		}
	}
}

// counted is how many reviews polymoat has answered, and how many updates the API server did not send to it.
func counted(t *testing.T) (reviews, spared int) {
	t.Helper()
	own, err := scrapeServer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c, err := kubernetes.NewForConfig(control.As(cluster.Admin))
	if err != nil {
		t.Fatal(err)
	}
	stream, err := c.RESTClient().Get().AbsPath("/metrics").Stream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stream.Close() }()
	apiServer, err := parse(stream)
	if err != nil {
		t.Fatal(err)
	}
	return total(own, "polymoat_reviews_total", "webhook", "validate"),
		total(apiServer, "apiserver_admission_match_condition_exclusions_total", "name", "validate.polymoat.io", "operation", "UPDATE")
}
