package reporter

import (
	"context"
	"iter"
	"slices"

	openreports "github.com/openreports/reports-api/apis/openreports.io/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/audit"
	"github.com/polymoat/polymoat/internal/report"
)

// byTop are workloads by what is at their top.
type byTop map[owner][]report.Pod

// owner is an object, in the namespace of its pods.
type owner struct {
	namespace string
	metav1.OwnerReference
}

// wanted are the workloads that should have a report. left is how many more there are, for which there is no room: of
// those nobody is asked what controls them. unknown is, by namespace, why it is not known what controls its workloads.
func (r *Reporter) wanted(ctx context.Context, pods iter.Seq2[*audit.AuditedPod, []audit.Finding]) (wanted []report.Workload, left int, unknown map[string]error) {
	direct := byTop{}
	for pod, found := range pods {
		if len(found) > 0 && !pod.Ending { // it goes, and so may its owner, which a report cannot outlive
			direct.add(controllerOf(pod), report.Pod{Name: pod.Name, UID: pod.UID, Findings: found})
		}
	}
	chosen, left := report.Choose(direct.workloads(), r.limits.Reports)
	topmost := byTop{}
	unknown = map[string]error{}
	for _, w := range chosen {
		if unknown[w.Namespace] != nil {
			continue
		}
		top, there, err := r.controllers.Top(ctx, w.Namespace, w.Owner)
		if err != nil {
			unknown[w.Namespace] = err
			continue
		}
		for _, pod := range w.Pods {
			if !there { // what is not there can own nothing
				top = itself(pod)
			}
			topmost.add(owner{w.Namespace, top}, pod)
		}
	}
	wanted, more := report.Choose(topmost.workloads(), r.limits.Reports)
	return wanted, left + more, unknown
}

// controllerOf is what controls a pod; the pod itself where nothing does.
func controllerOf(r *audit.AuditedPod) owner {
	if r.Controller != nil {
		return owner{r.Namespace, *r.Controller}
	}
	return owner{r.Namespace, itself(report.Pod{Name: r.Name, UID: r.UID})}
}

func itself(pod report.Pod) metav1.OwnerReference {
	return metav1.OwnerReference{APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID}
}

func (c byTop) add(to owner, pod report.Pod) { c[to] = append(c[to], pod) }

func (c byTop) workloads() []report.Workload {
	list := make([]report.Workload, 0, len(c))
	for o, pods := range c {
		list = append(list, report.Workload{Namespace: o.namespace, Owner: o.OwnerReference, Pods: pods})
	}
	return list
}

// change is one write.
type change struct {
	namespace, verb string
	write           func(context.Context) error
}

// turn is the group of writes that takes turns with others: what somebody forged in a namespace, and has us delete, delays
// neither what is to be written there nor other namespaces.
func (c change) turn() string {
	if c.verb == "delete" {
		return c.namespace + "/delete"
	}
	return c.namespace
}

// changes are the writes after which there are the wanted reports and no others; a namespace of which too little is known
// stays as it is. What was deleted, and is held by somebody's finalizers, is left alone, unless its name is wanted.
func (r *Reporter) changes(wanted []report.Workload, unknown map[string]error) []change {
	missing := map[string]*openreports.Report{}
	for _, w := range wanted {
		full := report.Of(w)
		missing[full.Namespace+"/"+full.Name] = full
	}
	var changes []change
	for old := range r.reports.All() {
		full, ok := missing[old.Namespace+"/"+old.Name]
		delete(missing, old.Namespace+"/"+old.Name)
		switch {
		case !ok && !old.Ending:
			changes = append(changes, change{old.Namespace, "delete", func(ctx context.Context) error { return r.reports.Delete(ctx, old) }})
		case ok && (old.Ending || report.Digest(full) != old.Digest):
			changes = append(changes, change{old.Namespace, "update", func(ctx context.Context) error { return r.reports.Update(ctx, old, full) }})
		}
	}
	for _, full := range missing {
		changes = append(changes, change{full.Namespace, "create", func(ctx context.Context) error { return r.reports.Create(ctx, full) }})
	}
	changes = slices.DeleteFunc(changes, func(c change) bool { return unknown[c.namespace] != nil })
	return report.InTurns(changes, change.turn)
}
