package reporter

import (
	"context"
	"iter"
	"maps"
	"slices"

	openreports "github.com/openreports/reports-api/apis/openreports.io/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/audit"
	"github.com/polymoat/polymoat/internal/report"
)

// crowd are workloads by what is at their top.
type crowd map[owner][]report.Pod

// owner is an object, in the namespace of its pods.
type owner struct {
	namespace string
	metav1.OwnerReference
}

// wanted are the workloads that should have a report. left is how many more there are, for which there is no room: of
// those nobody is asked what controls them.
func (r *Reporter) wanted(ctx context.Context, pods iter.Seq2[*audit.Resident, []audit.Finding]) (wanted []report.Workload, left int, err error) {
	direct := crowd{}
	for pod, found := range pods {
		if len(found) > 0 && !pod.Ending { // it goes, and so may its owner, which a report cannot outlive
			direct.add(controllerOf(pod), report.Pod{Name: pod.Name, UID: pod.UID, Findings: found})
		}
	}
	chosen, left := report.Choose(direct.workloads(), r.limits.Reports)
	topmost := crowd{}
	for _, w := range chosen {
		top, there, err := r.controllers.Top(ctx, w.Namespace, w.Owner)
		if err != nil {
			return nil, 0, err
		}
		for _, pod := range w.Pods {
			if !there { // what is not there can own nothing
				top = itself(pod)
			}
			topmost.add(owner{w.Namespace, top}, pod)
		}
	}
	wanted, more := report.Choose(topmost.workloads(), r.limits.Reports)
	return wanted, left + more, nil
}

// controllerOf is what controls a pod; the pod itself where nothing does.
func controllerOf(r *audit.Resident) owner {
	if r.Controller != nil {
		return owner{r.Namespace, *r.Controller}
	}
	return owner{r.Namespace, itself(report.Pod{Name: r.Name, UID: r.UID})}
}

func itself(pod report.Pod) metav1.OwnerReference {
	return metav1.OwnerReference{APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID}
}

func (c crowd) add(to owner, pod report.Pod) { c[to] = append(c[to], pod) }

func (c crowd) workloads() []report.Workload {
	list := make([]report.Workload, 0, len(c))
	for o, pods := range c {
		list = append(list, report.Workload{Namespace: o.namespace, Owner: o.OwnerReference, Pods: pods})
	}
	return list
}

// change is one write.
type change struct {
	verb  string
	write func(context.Context) error
}

// changes are the writes after which there are the wanted reports and no others. Those that make room come first.
func (r *Reporter) changes(wanted []report.Workload) []change {
	missing := map[string]*openreports.Report{}
	for _, w := range wanted {
		full := report.Of(w)
		missing[full.Namespace+"/"+full.Name] = full
	}
	var gone, different, added []change
	for old := range r.reports.All() {
		full, ok := missing[old.Namespace+"/"+old.Name]
		delete(missing, old.Namespace+"/"+old.Name)
		switch {
		case !ok:
			gone = append(gone, change{"delete", func(ctx context.Context) error { return r.reports.Delete(ctx, old) }})
		case report.Digest(full) != old.Digest:
			different = append(different, change{"update", func(ctx context.Context) error { return r.reports.Update(ctx, old, full) }})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(missing)) {
		full := missing[key]
		added = append(added, change{"create", func(ctx context.Context) error { return r.reports.Create(ctx, full) }})
	}
	return slices.Concat(gone, different, added)
}
