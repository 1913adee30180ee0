package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/drill"
	"github.com/polymoat/polymoat/internal/drill/drilltest"
)

var (
	drilled   = flag.Int("drill.clusters", 20, "how many generated clusters lose a node")
	drillSeed = flag.Uint64("drill.seed", 0, "where the generated clusters begin; 0 picks a new one and prints it")
)

// TestDrill takes a node from each of many generated clusters with volumes, zones and budgets, which share the control
// plane and see nothing of each other. What stays pending then is what the plugin said before.
func TestDrill(t *testing.T) {
	if *drillSeed == 0 {
		*drillSeed = rand.Uint64()
	}
	t.Logf("-drill.seed=%d -drill.clusters=%d", *drillSeed, *drilled)
	admin := as(t, cluster.Admin)
	create(t, admin, drilltest.StorageClass())
	var all []drilltest.Cluster
	var names []string
	for i := range *drilled {
		c := drilltest.Generate(rand.New(rand.NewPCG(*drillSeed, uint64(i))).IntN, fmt.Sprintf("drill-%d", i))
		raise(t, admin, c)
		all, names = append(all, c), append(names, c.Name)
	}
	settled(t, admin, all)
	// In shadow polymoat tells what core is, and leaves the pods as they are.
	policies := policyFile(t, "namespaces: [polyaxon]", "shadow: [{}]\n  namespaces: ["+strings.Join(names, ", ")+"]")
	reports := map[string]drill.Report{}
	for _, c := range all {
		reports[c.Name] = drillOf(t, policies, c.Lose[0])
	}
	for _, c := range all {
		if err := admin.Delete(t.Context(), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: c.Lose[0]}}); err != nil {
			t.Fatal(err)
		}
	}
	settled(t, admin, all)
	fates := map[drill.Fate]int{}
	for i, c := range all {
		r := reports[c.Name]
		for _, o := range r.Pods {
			if o.Namespace == c.Name {
				fates[o.Fate]++
			}
		}
		if diff := unforeseenInTheEnd(t, admin, c, r); diff != "" {
			t.Errorf("cluster %d without %s: %s\n%s", i, c.Lose[0], diff, linesOf(r))
		}
	}
	t.Log(fates)
}

// raise creates the objects of a cluster. Its pods are core.
func raise(t *testing.T, admin client.Client, c drilltest.Cluster) {
	t.Helper()
	create(t, admin, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: c.Name}})
	for _, n := range c.Nodes {
		create(t, admin, n)
	}
	for _, v := range c.Volumes {
		create(t, admin, v)
	}
	for _, b := range c.Budgets {
		create(t, admin, b)
	}
	for _, w := range c.Workloads {
		selector := &metav1.LabelSelector{MatchLabels: maps.Clone(w.Template.Labels)}
		w.Template.Labels["app.kubernetes.io/part-of"] = "polyaxon-core"
		meta := metav1.ObjectMeta{Namespace: c.Name, Name: w.Name}
		if len(w.Claims) == 0 {
			create(t, admin, &appsv1.ReplicaSet{ObjectMeta: meta, Spec: appsv1.ReplicaSetSpec{Replicas: &w.Replicas, Selector: selector, Template: w.Template}})
			continue
		}
		create(t, admin, &appsv1.StatefulSet{ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{
			Replicas: &w.Replicas, Selector: selector, Template: w.Template, ServiceName: w.Name, VolumeClaimTemplates: w.Claims,
		}})
	}
}

// quiet is for how long nothing must have happened: the scheduler tries a pod again after ten seconds at the latest, and
// the pods of a node that is gone are removed after a minute.
const quiet = 15 * time.Second

// settled waits until every pod has a node that is there or is unschedulable, and nothing has changed for a while.
func settled(t *testing.T, admin client.Client, all []drilltest.Cluster) {
	t.Helper()
	before, since := "", time.Now()
	quietly := func(ctx context.Context) error {
		var pods corev1.PodList
		var nodes corev1.NodeList
		if err := errors.Join(admin.List(ctx, &pods), admin.List(ctx, &nodes)); err != nil {
			return err
		}
		var text strings.Builder
		for _, p := range pods.Items {
			if !slices.ContainsFunc(all, func(c drilltest.Cluster) bool { return c.Name == p.Namespace }) {
				continue
			}
			if why := unsettled(&p, nodes.Items); why != "" {
				before = ""
				return fmt.Errorf("pod %s/%s %s", p.Namespace, p.Name, why)
			}
			fmt.Fprintln(&text, p.Namespace, p.Name, p.UID, p.Spec.NodeName, p.Status.Phase)
		}
		if now := text.String(); now != before || now == "" {
			before, since = now, time.Now()
		}
		if time.Since(since) < quiet {
			return errors.New("something has just changed")
		}
		return nil
	}
	err := control.Await("pods that have settled", quietly)
	if err != nil { // hundreds of pods on a machine that does other things beside
		err = control.Await("pods that have settled", quietly)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// unsettled says what is still to happen to a pod.
func unsettled(p *corev1.Pod, nodes []corev1.Node) string {
	if p.Spec.NodeName != "" {
		switch {
		case !slices.ContainsFunc(nodes, func(n corev1.Node) bool { return n.Name == p.Spec.NodeName }):
			return "is on a node that is gone"
		case p.Status.Phase != corev1.PodRunning:
			return "does not run yet"
		}
		return ""
	}
	refused := func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse
	}
	if !slices.ContainsFunc(p.Status.Conditions, refused) {
		return "has not been looked at yet"
	}
	return ""
}

// drillOf is what the plugin says of the loss of a node.
func drillOf(t *testing.T, policies, node string) drill.Report {
	t.Helper()
	code, out, errOut := plugin(t, cluster.Admin, "drill", "--policy", policies, "--node", node, "-o", "json")
	var r drill.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil || errOut != "" || (code == 0) != r.Returns {
		t.Fatalf("exit code %d, %v\n%s%s", code, err, errOut, out)
	}
	return r
}

// unforeseenInTheEnd is unforeseen once the scheduler had time to look at each pod again: if no event has told it to, it does
// so five minutes after it could not place one.
func unforeseenInTheEnd(t *testing.T, admin client.Client, c drilltest.Cluster, r drill.Report) string {
	t.Helper()
	for range 3 { // two minutes each
		err := control.Await("what was said of "+c.Name, func(context.Context) error {
			if diff := unforeseen(t, admin, c, r); diff != "" {
				return errors.New(diff)
			}
			return nil
		})
		if err == nil {
			return ""
		}
		t.Logf("%s is not yet as was said: %v", c.Name, err)
	}
	return unforeseen(t, admin, c, r)
}

// unforeseen says which workload has more or fewer pods without a node than was said: each pod that may stay pending may.
func unforeseen(t *testing.T, admin client.Client, c drilltest.Cluster, r drill.Report) string {
	t.Helper()
	var pods corev1.PodList
	if err := admin.List(t.Context(), &pods, client.InNamespace(c.Name)); err != nil {
		t.Fatal(err)
	}
	var wrong []string
	for _, w := range c.Workloads {
		missing := int(w.Replicas)
		for _, p := range pods.Items {
			if p.Spec.NodeName != "" && metav1.GetControllerOf(&p).Name == w.Name {
				missing--
			}
		}
		least, most := 0, 0
		for _, o := range r.Pods {
			if o.Namespace != c.Name || !strings.HasSuffix(o.Controller, "/"+w.Name) {
				continue
			}
			switch o.Fate {
			case drill.Pending:
				least, most = least+1, most+1
			case drill.Depends:
				most++
			default: // it is there again, or none comes
			}
		}
		// The later pods of a StatefulSet whose first ones wait have never been created, and nobody can speak of them.
		if len(w.Claims) > 0 && least > 0 {
			most = max(most, missing)
		}
		if missing < least || missing > most {
			wrong = append(wrong, fmt.Sprintf("%s misses %d pods, said were %d to %d", w.Name, missing, least, most))
		}
	}
	if len(wrong) == 0 {
		return ""
	}
	for _, p := range pods.Items {
		wrong = append(wrong, fmt.Sprintf("%s is on %q, nominated for %q, %v", p.Name, p.Spec.NodeName, p.Status.NominatedNodeName, p.Status.Conditions))
	}
	return strings.Join(wrong, "\n")
}

// linesOf is a report as text, a line for each pod.
func linesOf(r drill.Report) string {
	var lines []string
	for _, o := range r.Pods {
		lines = append(lines, fmt.Sprintf("%s on %q %s %v %s", o.Name, o.Node, o.Fate, o.Nodes, o.Why))
	}
	return strings.Join(lines, "\n")
}
