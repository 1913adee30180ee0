package failure_test

import (
	"context"
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// site is an installation beside a Polyaxon that is in use: a part of its core runs.
type site struct {
	*release
}

// newSite installs polymoat, and Polyaxon's API, for the test's time.
func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{release: newRelease(t)}
	s.install(t)
	text, err := cluster.Decode(api)
	must(t, err)
	must(t, control.Create(text...))
	t.Cleanup(func() {
		must(t, as(t, cluster.Admin).Delete(context.WithoutCancel(t.Context()), text[0], client.PropagationPolicy("Background")))
	})
	s.comesBack(t, cluster.Namespace, apiLabels)
	return s
}

var (
	apiLabels = client.MatchingLabels{"app.kubernetes.io/name": "polyaxon-polyaxon-api"}
	ownLabels = client.MatchingLabels{"app.kubernetes.io/name": "polymoat"}
)

// api is Polyaxon's API as its chart makes it, on core nodes by its own values.
const api = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: polyaxon-polyaxon-api, namespace: polyaxon}
spec:
  selector:
    matchLabels: {app.kubernetes.io/name: polyaxon-polyaxon-api, app.kubernetes.io/part-of: polyaxon-core}
  template:
    metadata:
      labels: {app.kubernetes.io/name: polyaxon-polyaxon-api, app.kubernetes.io/part-of: polyaxon-core}
    spec:
      nodeSelector: {polyaxon: core}
      tolerations: [{key: polyaxon, operator: Equal, value: core, effect: NoSchedule}]
      containers:
      - {name: api, image: polyaxon/polyaxon-api:1.20.0}
`

// placesRuns waits until runs are placed again, and what must be refused is refused by the policy.
func (s *site) placesRuns(t *testing.T) {
	t.Helper()
	await(t, "a run that is placed", func() error { return placed(t) })
	stray := train(t)
	stray.Name, stray.Spec.NodeName = "stray", "core-1"
	const want = `admission webhook "validate.polymoat.io" denied the request: pods "stray" of role "jobs": ` +
		`environment.nodeName is "core-1", which bypasses the scheduler and every taint; remove it and let the scheduler choose among nodes labelled polyaxon=experiments [node-name]`
	if err := as(t, cluster.Tenant).Create(t.Context(), stray, client.DryRunAll); err == nil || err.Error() != want {
		t.Errorf("a run that names a core node: got %v, want %s", err, want)
	}
}

// newRun makes a run for real, which is there when things go wrong.
func (s *site) newRun(t *testing.T) *corev1.Pod {
	t.Helper()
	pod := train(t)
	await(t, "a run", func() error { return as(t, cluster.Tenant).Create(t.Context(), pod) })
	return pod
}

// runsWait: runs, and what they are made of, are refused because nobody is there to ask.
func (s *site) runsWait(t *testing.T) {
	t.Helper()
	s.awaitAway(t)
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "train"}}
	job.Spec.Template.Spec = train(t).Spec
	err := as(t, cluster.Tenant).Create(t.Context(), job, client.DryRunAll)
	if want := s.waits("workloads", "workloads", s.nobody()); err == nil || err.Error() != want {
		t.Errorf("a Job: got %v, want %s", err, want)
	}
}

// restGoesOn: everything else does not need polymoat: that core comes back, and polymoat itself; pods of other
// namespaces; what kubelets and controllers report; the end of a run, by its owner or by a drain.
func (s *site) restGoesOn(t *testing.T, run, drained *corev1.Pod) {
	t.Helper()
	core := s.comesBack(t, cluster.Namespace, apiLabels)
	s.comesBack(t, cluster.System, ownLabels)
	awaitReplicas(t, 0)
	reports(t, kubelet(t, core), core, `{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}`)
	awaitReplicas(t, 1)
	awaitNode(t, run)
	reports(t, kubelet(t, run), run, `{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}`)
	reports(t, as(t, "system:serviceaccount:kube-system:node-controller"), run, `{"conditions":[{"type":"Ready","status":"False"}]}`)
	admin := as(t, cluster.Admin)
	elsewhere := train(t)
	elsewhere.Namespace = "elsewhere"
	must(t, admin.Create(t.Context(), elsewhere, client.DryRunAll))
	must(t, as(t, cluster.Tenant).Delete(t.Context(), run, client.GracePeriodSeconds(0)))
	must(t, admin.SubResource("eviction").Create(t.Context(), drained, &policyv1.Eviction{}))
}

// comesBack removes the pods with the labels and waits until their controller has made others, which are bound to core
// nodes. It returns one of those.
func (s *site) comesBack(t *testing.T, namespace string, labels client.MatchingLabels) *corev1.Pod {
	t.Helper()
	admin, before := as(t, cluster.Admin), &corev1.PodList{}
	must(t, admin.List(t.Context(), before, client.InNamespace(namespace), labels))
	gone := map[types.UID]bool{}
	for _, pod := range before.Items {
		gone[pod.UID] = true
		must(t, client.IgnoreNotFound(admin.Delete(t.Context(), &pod, client.GracePeriodSeconds(0))))
	}
	var back *corev1.Pod
	await(t, "another pod", func() error {
		pods := &corev1.PodList{}
		if err := admin.List(t.Context(), pods, client.InNamespace(namespace), labels); err != nil {
			return err
		}
		for _, pod := range pods.Items {
			if !gone[pod.UID] && (pod.Spec.NodeName == "core-1" || pod.Spec.NodeName == "core-2") {
				back = &pod
				return nil
			}
		}
		return fmt.Errorf("of %d pods of %s none is new and on a core node", len(pods.Items), labels)
	})
	return back
}

// awaitNode waits until the pod has a node.
func awaitNode(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	await(t, "a node", func() error {
		err := as(t, cluster.Admin).Get(t.Context(), client.ObjectKeyFromObject(pod), pod)
		if err == nil && pod.Spec.NodeName == "" {
			err = fmt.Errorf("pod %s has none", pod.Name)
		}
		return err
	})
}

// awaitReplicas waits until the status of Polyaxon's API says how many of its pods are ready. A controller writes it.
func awaitReplicas(t *testing.T, ready int32) {
	t.Helper()
	api := &appsv1.Deployment{}
	await(t, "the status of Polyaxon's API", func() error {
		err := as(t, cluster.Admin).Get(t.Context(), client.ObjectKey{Namespace: cluster.Namespace, Name: "polyaxon-polyaxon-api"}, api)
		if err == nil && api.Status.ReadyReplicas != ready {
			err = fmt.Errorf("%d pods are ready, want %d", api.Status.ReadyReplicas, ready)
		}
		return err
	})
}

// kubelet is a client of the kubelet of the pod's node. kwok plays the kubelets, but as a user of its own, who waits.
func kubelet(t *testing.T, pod *corev1.Pod) client.Client {
	t.Helper()
	config := control.Impersonating("system:node:" + pod.Spec.NodeName)
	config.Impersonate.Groups = []string{"system:nodes"}
	c, err := client.New(config, client.Options{})
	must(t, err)
	return c
}

// reports writes a status of the pod.
func reports(t *testing.T, c client.Client, pod *corev1.Pod, status string) {
	t.Helper()
	patch := client.RawPatch(types.StrategicMergePatchType, []byte(`{"status":`+status+`}`))
	must(t, c.Status().Patch(t.Context(), pod.DeepCopy(), patch))
}
