package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	openreports "github.com/openreports/reports-api/apis/openreports.io/v1alpha1"
	"github.com/openreports/reports-api/pkg/client/clientset/versioned"
	openreportsv1alpha1 "github.com/openreports/reports-api/pkg/client/clientset/versioned/typed/openreports.io/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/hostile"
)

const (
	// floodClients is how many clients of a tenant flood at once.
	floodClients = 12
	// bystanders is how many pods of each kind others create meanwhile.
	bystanders = 25
	// replicaSetController is who creates core's pods.
	replicaSetController = "system:serviceaccount:kube-system:replicaset-controller"
)

// TestFloodOfObjects: while one tenant floods the API server with the worst objects that are legal, pods of core and of
// another governed namespace are let in and placed, their owners are told of refusals, and what the audit finds is reported
// beside reports that the tenant forged, which are left alone. On a machine that does nothing else it takes them no more than
// twice as long as while the API server is flooded alike for a namespace that polymoat is not asked about: it and polymoat
// share their processors here.
func TestFloodOfObjects(t *testing.T) {
	createPolyaxonKinds(t)
	askAbout(t, asking)
	operation := polyaxonResource("core.polyaxon.com/v1", "Operation", "flooded", nil, nil)
	create(t, as(t, cluster.Admin), operation)
	owner := coreReplicaSet(t)
	alone := createBystanders(t, owner)
	create(t, as(t, cluster.Admin), &corev1.Namespace{ObjectMeta: metaNamed("ungoverned")})
	stop := floodObjects(t, cluster.Admin, "ungoverned")
	without := createBystanders(t, owner)
	n := stop()
	forged := forgeReports(t)
	stop = floodObjects(t, cluster.Tenant, cluster.Namespace)
	with := createBystanders(t, owner)
	for i, name := range []string{"core", "the other namespace"} {
		t.Logf("pods of %s took %s alone, %s in a flood of a namespace that is not governed, and %s in one of a governed namespace", name, alone[i], without[i], with[i])
		if *hostile.Quiet && with[i] > max(2*without[i], time.Second) {
			t.Errorf("pods of %s took more than twice as long, and more than a second", name)
		}
	}
	awaitOtherEvent(t, operation)
	awaitReportOnAstray(t)
	t.Logf("the floods were of %d and %d objects", n, stop())
	leftAlone(t, forged)
}

// createBystanders creates pods of core and of the other namespace, one after the other, and returns how long half of each took at
// most. All must be let in and placed.
func createBystanders(t *testing.T, owner *appsv1.ReplicaSet) [2]time.Duration {
	t.Helper()
	controller, admin := as(t, replicaSetController), as(t, cluster.Admin)
	var ofCore, ofOther []time.Duration
	for range bystanders {
		ofCore = append(ofCore, placedIn(t, controller, askedCorePod(owner), "core"))
		ofOther = append(ofOther, placedIn(t, admin, runOf("flooded", "polyaxon-jobs"), "experiments"))
	}
	slices.Sort(ofCore)
	slices.Sort(ofOther)
	return [2]time.Duration{ofCore[bystanders/2], ofOther[bystanders/2]}
}

// askedCorePod is a pod of core as its ReplicaSet's controller asks for it.
func askedCorePod(owner *appsv1.ReplicaSet) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: *owner.Spec.Template.ObjectMeta.DeepCopy(), Spec: *owner.Spec.Template.Spec.DeepCopy()}
	pod.Namespace, pod.GenerateName = owner.Namespace, owner.Name+"-"
	pod.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(owner, appsv1.SchemeGroupVersion.WithKind("ReplicaSet"))}
	return pod
}

// placedIn tries to create a pod, and returns how long that takes.
func placedIn(t *testing.T, c client.Client, pod *corev1.Pod, pool string) time.Duration {
	t.Helper()
	begun := time.Now()
	if err := c.Create(t.Context(), pod, client.DryRunAll); err != nil {
		t.Errorf("a pod of pool %s is refused: %.300s", pool, err)
	} else if got := pod.Spec.NodeSelector["polyaxon"]; got != pool {
		t.Errorf("a pod is placed on %q, want %q", got, pool)
	}
	return time.Since(begun)
}

// floodObjects has a user create the worst objects in a namespace, again and again, until its result is called, which returns how many.
func floodObjects(t *testing.T, user, namespace string) (stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	var created atomic.Int64
	worst := worstPods()
	for i := range floodClients {
		c := as(t, user)
		group.Go(func() {
			for n := i; ctx.Err() == nil; n++ {
				pod, options := worst[n%len(worst)].DeepCopy(), []client.CreateOption{client.DryRunAll}
				pod.Namespace = namespace
				if len(pod.OwnerReferences) > 0 && namespace == cluster.Namespace { // it is refused, and its owner would be told
					pod.OwnerReferences[0].Name, options = fmt.Sprint("made-up-", n), nil
				}
				_ = c.Create(ctx, pod, options...)
				created.Add(1)
			}
		})
	}
	stop = func() int { cancel(); group.Wait(); return int(created.Load()) }
	t.Cleanup(func() { stop() })
	return stop
}

// worstPods are pods that cost most to decide on, and one whose owner was made up.
func worstPods() []*corev1.Pod {
	var namespaces []string
	for i := range 2000 {
		namespaces = append(namespaces, fmt.Sprint("namespace-", i))
	}
	spread, image, tolerant, owned := jobPod("spread"), jobPod("image"), jobPod("tolerant"), refusedPod("owned")
	term := corev1.PodAffinityTerm{TopologyKey: "kubernetes.io/hostname", Namespaces: namespaces, LabelSelector: &metav1.LabelSelector{}}
	spread.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{term}}}
	image.Spec.Containers[0].Image = strings.Repeat("a/", 700_000) + "a"
	for i := range 2000 {
		tolerant.Spec.Tolerations = append(tolerant.Spec.Tolerations, corev1.Toleration{Key: fmt.Sprint("key-", i), Operator: corev1.TolerationOpExists})
	}
	owned.OwnerReferences = []metav1.OwnerReference{{APIVersion: "core.polyaxon.com/v1", Kind: "Operation", Name: "none", UID: "none", Controller: ptr.To(true)}}
	return []*corev1.Pod{spread, image, tolerant, owned}
}

// forgeReports has the tenant write reports that look like polymoat's, and that finalizers hold.
func forgeReports(t *testing.T) []string {
	t.Helper()
	var names []string
	reports := reportsAPI(t, cluster.Tenant)
	for i := range 35 {
		r := &openreports.Report{ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprint("forged-", i), Labels: map[string]string{"app.kubernetes.io/managed-by": "polymoat"}, Finalizers: []string{"example.com/stay"},
		}}
		if err := control.Await("the kind", func(ctx context.Context) error {
			_, err := reports.Create(ctx, r, metav1.CreateOptions{})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		names = append(names, r.Name)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		for _, name := range names {
			_ = reports.Delete(ctx, name, metav1.DeleteOptions{})
			if _, err := reports.Patch(ctx, name, types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{}); client.IgnoreNotFound(err) != nil {
				t.Error(err)
			}
		}
	})
	return names
}

// leftAlone waits until each forged report was deleted once, and then sees whether it is touched again.
func leftAlone(t *testing.T, names []string) {
	t.Helper()
	reports := reportsAPI(t, cluster.Admin)
	if err := control.Await("deleted reports", func(ctx context.Context) error {
		for _, name := range names {
			if r, err := reports.Get(ctx, name, metav1.GetOptions{}); err != nil || r.DeletionTimestamp == nil {
				return fmt.Errorf("%s is not deleted: %w", name, err)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	writes := func() int {
		families, err := scrapeServer(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return total(families, "polymoat_report_writes_total", "verb", "delete")
	}
	before := writes()
	time.Sleep(7 * time.Second) // two rounds
	if more := writes() - before; more > 0 {
		t.Errorf("%d reports were deleted again", more)
	}
}

// awaitOtherEvent has a pod of the other namespace refused, and waits until its Operation is told.
func awaitOtherEvent(t *testing.T, operation client.Object) {
	t.Helper()
	pod := runOf("flooded", "polyaxon-jobs")
	pod.Spec.NodeName = "core-1"
	pod.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(operation, operation.GetObjectKind().GroupVersionKind())}
	refuse(t, as(t, cluster.Admin), pod)
	if err := control.Await("an event", func(ctx context.Context) error {
		var events corev1.EventList
		if err := as(t, cluster.Admin).List(ctx, &events, client.InNamespace(asking), client.MatchingFields{"involvedObject.uid": string(operation.GetUID())}); err != nil {
			return err
		}
		if len(events.Items) == 0 {
			return errors.New("there is none")
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// awaitReportOnAstray has the node of a pod become core's, in the namespace of the forged reports, and waits for a report.
func awaitReportOnAstray(t *testing.T) {
	t.Helper()
	admin, pod := as(t, cluster.Admin), jobPod("flooded")
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "flooded", Labels: map[string]string{"polyaxon": "experiments"}}}
	create(t, admin, node)
	pod.Spec.SchedulerName = "nobody"
	create(t, admin, pod)
	binding := &corev1.Binding{Target: corev1.ObjectReference{Kind: "Node", Name: node.Name}}
	if err := as(t, "system:kube-scheduler").SubResource("binding").Create(t.Context(), pod, binding); err != nil {
		t.Fatal(err)
	}
	relabel(t, admin, node, "core")
	awaitReport(t, pod.UID, 1)
	relabel(t, admin, node, "experiments")
	awaitReport(t, pod.UID, 0)
}

func reportsAPI(t *testing.T, user string) openreportsv1alpha1.ReportInterface {
	t.Helper()
	api, err := versioned.NewForConfig(control.As(user))
	if err != nil {
		t.Fatal(err)
	}
	return api.OpenreportsV1alpha1().Reports(cluster.Namespace)
}
