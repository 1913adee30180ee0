package policy

import (
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// LiveWorkload is an object of the cluster that makes pods, as it is stored: a Deployment, ReplicaSet, StatefulSet,
// DaemonSet or Job.
type LiveWorkload struct {
	Kind            schema.GroupKind // apps/StatefulSet
	Namespace, Name string
	UID             types.UID
	Selector        *metav1.LabelSelector
	Template        *corev1.PodTemplateSpec
	ClaimTemplates  []corev1.PersistentVolumeClaim // of a StatefulSet
}

// The kinds of LiveWorkload.
var (
	deployment  = schema.GroupKind{Group: "apps", Kind: "Deployment"}
	replicaSet  = schema.GroupKind{Group: "apps", Kind: "ReplicaSet"}
	statefulSet = schema.GroupKind{Group: "apps", Kind: "StatefulSet"}
	daemonSet   = schema.GroupKind{Group: "apps", Kind: "DaemonSet"}
	job         = schema.GroupKind{Group: "batch", Kind: "Job"}
)

// LiveResources are what workloads are stored as, for those who list them. They must not be modified.
var LiveResources = []schema.GroupVersionResource{
	appsv1.SchemeGroupVersion.WithResource("deployments"), appsv1.SchemeGroupVersion.WithResource("replicasets"),
	appsv1.SchemeGroupVersion.WithResource("statefulsets"), appsv1.SchemeGroupVersion.WithResource("daemonsets"),
	batchv1.SchemeGroupVersion.WithResource("jobs"),
}

// Live is a stored workload as decisions read it; false for what is none.
func Live(object any) (LiveWorkload, bool) {
	var live LiveWorkload
	switch o := object.(type) {
	case *appsv1.Deployment:
		live.Kind, live.Selector, live.Template = deployment, o.Spec.Selector, &o.Spec.Template
	case *appsv1.ReplicaSet:
		live.Kind, live.Selector, live.Template = replicaSet, o.Spec.Selector, &o.Spec.Template
	case *appsv1.StatefulSet:
		live.Kind, live.Selector, live.Template = statefulSet, o.Spec.Selector, &o.Spec.Template
		live.ClaimTemplates = o.Spec.VolumeClaimTemplates
	case *appsv1.DaemonSet:
		live.Kind, live.Selector, live.Template = daemonSet, o.Spec.Selector, &o.Spec.Template
	case *batchv1.Job:
		live.Kind, live.Selector, live.Template = job, o.Spec.Selector, &o.Spec.Template
	default:
		return live, false
	}
	meta := object.(metav1.Object)
	live.Namespace, live.Name, live.UID = meta.GetNamespace(), meta.GetName(), meta.GetUID()
	return live, true
}

// CoreWorkload is a live workload whose own pod template claims core. Users who are not trusted with core cannot write
// such a template (ValidateWorkload), so it is a fact about Polyaxon and not a claim.
type CoreWorkload struct {
	Kind schema.GroupKind // apps/StatefulSet
	Name string
	UID  types.UID
	// Selector is what its controller adopts pods by. It selects nothing where the workload's own does not parse.
	Selector labels.Selector
	// ServiceAccount is the name of the account that its pods run as; empty means "default".
	ServiceAccount string
	// Labels are those of its pods; Claims are the PersistentVolumeClaims that they mount, as displacement.Core has them.
	Labels map[string]string
	Claims []string
	// OncePod are those of Claims that one pod alone may mount: ReadWriteOncePod. It is empty where that is not known.
	OncePod []string
}

// WithOncePod is the workload with OncePod, as oncePod says of each claim that its pod template names.
func (w CoreWorkload) WithOncePod(oncePod func(claim string) bool) CoreWorkload {
	w.OncePod = nil
	for _, claim := range w.Claims {
		if oncePod(claim) {
			w.OncePod = append(w.OncePod, claim)
		}
	}
	return w
}

// CoreWorkload returns what decisions need to know of a live workload; false where its template is not core's.
func (p *Policy) CoreWorkload(w LiveWorkload) (CoreWorkload, bool) {
	in := p.governed[w.Namespace]
	if in == nil || w.Template == nil || !in.isCore(w.pod()) {
		return CoreWorkload{}, false
	}
	selector, err := metav1.LabelSelectorAsSelector(w.Selector)
	if err != nil {
		selector = labels.Nothing()
	}
	return CoreWorkload{
		Kind: w.Kind, Name: w.Name, UID: w.UID, Selector: selector, ServiceAccount: w.Template.Spec.ServiceAccountName,
		Labels: w.Template.Labels, Claims: w.claims(),
	}, true
}

// claims are the PersistentVolumeClaims that the workload's pods mount.
func (w LiveWorkload) claims() []string {
	var claims []string
	for _, c := range w.ClaimTemplates {
		claims = append(claims, c.Name+"-"+w.Name+"-*")
	}
	for _, v := range w.Template.Spec.Volumes {
		if v.PersistentVolumeClaim != nil {
			claims = append(claims, v.PersistentVolumeClaim.ClaimName)
		}
	}
	return claims
}

// pod is the pod that the workload's controller makes, owner included: Helm hooks are known by their Job.
func (w LiveWorkload) pod() *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: w.Template.ObjectMeta, Spec: w.Template.Spec}
	pod.OwnerReferences = []metav1.OwnerReference{{Kind: w.Kind.Kind, Name: w.Name, UID: w.UID, Controller: new(true)}}
	return pod
}
