package auditor

import (
	"reflect"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/audit"
	"github.com/polymoat/polymoat/internal/cluster"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/template"
)

// auditedPods are the pods that run. Each is judged once, when it comes or changes, so that little is kept of it: by the day,
// by the workloads that are core and, where the pod named its node itself, by that node. When one of these changes all are
// to be watched anew.
type auditedPods struct {
	*cluster.Pods[*audit.AuditedPod]
	auditor *Auditor
	day     v1alpha1.Day
	core    string // what core's workloads were

	mu    sync.Mutex
	named map[string]*landing.Node // by name, as pods were judged by them; nil for one that is not known
	mixed bool                     // a node changed between two pods that name it
}

func newAuditedPods(a *Auditor) (r *auditedPods, err error) {
	r = &auditedPods{auditor: a, day: a.today(), core: a.coreWorkloads(), named: map[string]*landing.Node{}}
	r.Pods, err = cluster.NewPods(a.Kubeconfig, a.Policy.Namespaces(), r.judge)
	return r, err
}

// judge is what is kept of a pod; nil for one that no policy looks at.
func (r *auditedPods) judge(pod *corev1.Pod) *audit.AuditedPod {
	var named *landing.Node
	if name := pod.Spec.NodeName; name != "" && template.NamedItsNode(pod.ManagedFields) {
		named = r.node(name)
		r.note(name, named)
	}
	judged := r.auditor.audit.Pod(pod, named, r.day)
	r.auditor.Events.tellPlace(pod, judged)
	return judged
}

// coreWorkloads tells the workloads that are core from others of another time.
func (a *Auditor) coreWorkloads() string {
	var list []string
	for _, namespace := range a.Policy.Namespaces() {
		for _, w := range a.Workloads.Core(namespace) {
			list = append(list, string(w.UID)+" "+w.Selector.String())
		}
	}
	slices.Sort(list)
	return strings.Join(list, "\n")
}

// node is the node of that name as it is now; nil where it is not known.
func (r *auditedPods) node(name string) *landing.Node {
	if node, known := r.auditor.Nodes.Get(name); known {
		return &node
	}
	return nil
}

func (r *auditedPods) note(name string, node *landing.Node) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if before, known := r.named[name]; known && !reflect.DeepEqual(before, node) {
		r.mixed = true
	}
	r.named[name] = node
}

// outdated says whether any pod would be judged otherwise now.
func (r *auditedPods) outdated() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mixed || r.auditor.today() != r.day || r.auditor.coreWorkloads() != r.core {
		return true
	}
	for name, node := range r.named {
		if !reflect.DeepEqual(r.node(name), node) {
			return true
		}
	}
	return false
}
