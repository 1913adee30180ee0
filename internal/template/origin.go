package template

import "strings"

// The users under which the built-in controllers create pods.
const (
	replicaSetController  = "system:serviceaccount:kube-system:replicaset-controller"
	replicationController = "system:serviceaccount:kube-system:replication-controller"
	statefulSetController = "system:serviceaccount:kube-system:statefulset-controller"
	daemonSetController   = "system:serviceaccount:kube-system:daemon-set-controller"
	jobController         = "system:serviceaccount:kube-system:job-controller"
)

// origin is where the pods of a template come from: the object that owns them, and the user that creates them.
type origin struct {
	apiVersion, kind string // empty: the object of the file itself
	suffix           string // what the owner's name has after the object's; a stand-in for a hash or a time
	creator          string // empty: an operator, under a name of the administrator's choice
}

var (
	itself     = origin{}
	replicaSet = origin{"apps/v1", "ReplicaSet", "-0000000000", replicaSetController}
	job        = origin{"batch/v1", "Job", "", jobController}
	rayCluster = origin{"ray.io/v1", "RayCluster", "-raycluster", ""}
)

// origins says who creates the pods of each kind; the first row that fits an object and the path of its template
// counts. A kind without a row creates its pods itself, through an operator.
var origins = []struct {
	of   string // API group, or group and version; polyaxon.com stands for core.polyaxon.com as well
	kind string // empty: every kind of the group
	path string // how the template's path begins
	origin
}{
	{"apps", "Deployment", "", replicaSet},
	{"apps", "ReplicaSet", "", origin{creator: replicaSetController}},
	{"apps", "StatefulSet", "", origin{creator: statefulSetController}},
	{"apps", "DaemonSet", "", origin{creator: daemonSetController}},
	{"extensions", "Deployment", "", replicaSet},
	{"extensions", "ReplicaSet", "", origin{creator: replicaSetController}},
	{"extensions", "DaemonSet", "", origin{creator: daemonSetController}},
	{"", "ReplicationController", "", origin{creator: replicationController}},
	{"batch", "Job", "", origin{creator: jobController}},
	{"batch", "CronJob", "", origin{"batch/v1", "Job", "-00000000", jobController}},

	// Polyaxon's own kinds, by the section that is filled in.
	{"polyaxon.com", "", "batchJobSpec", job},
	{"polyaxon.com", "", "serviceSpec", replicaSet},
	{"polyaxon.com", "", "tfJobSpec", origin{"kubeflow.org/v1", "TFJob", "", ""}},
	{"polyaxon.com", "", "pytorchJobSpec", origin{"kubeflow.org/v1", "PyTorchJob", "", ""}},
	{"polyaxon.com", "", "mpiJobSpec", origin{"kubeflow.org/v1", "MPIJob", "", ""}},
	{"polyaxon.com", "", "mxJobSpec", origin{"kubeflow.org/v1", "MXJob", "", ""}},
	{"polyaxon.com", "", "xgboostJobSpec", origin{"kubeflow.org/v1", "XGBoostJob", "", ""}},
	{"polyaxon.com", "", "paddleJobSpec", origin{"kubeflow.org/v1", "PaddleJob", "", ""}},
	{"polyaxon.com", "", "daskJobSpec.replicaSpecs.Job", origin{"kubernetes.dask.org/v1", "DaskJob", "", ""}},
	{"polyaxon.com", "", "daskJobSpec", replicaSet},
	{"polyaxon.com", "", "daskClusterSpec", replicaSet},
	{"polyaxon.com", "", "rayJobSpec", rayCluster},
	{"polyaxon.com", "", "rayClusterSpec", origin{"ray.io/v1", "RayCluster", "", ""}},

	// Before training-operator, the launcher of an MPIJob was a Job; since v2beta1 it is one again.
	{"kubeflow.org/v1alpha1", "MPIJob", "", origin{"batch/v1", "Job", "-launcher", jobController}},
	{"kubeflow.org/v2beta1", "MPIJob", "spec.mpiReplicaSpecs.Launcher", origin{"batch/v1", "Job", "-launcher", jobController}},
	{"ray.io", "RayJob", "spec.submitterPodTemplate", job},
	{"ray.io", "RayJob", "", rayCluster},
	{"ray.io", "RayService", "", rayCluster},
	{"kubernetes.dask.org", "DaskJob", "spec.job", itself},
	{"kubernetes.dask.org", "", "", replicaSet},
}

// CreatorFor is the user that creates the pods whose controller is an object of this kind; empty for an operator, which
// may run under any name.
func CreatorFor(apiVersion, kind string) string {
	return object{"apiVersion": apiVersion, "kind": kind}.origin("").creator
}

// origin says where the pods of the template at path come from.
func (o object) origin(path string) origin {
	for _, row := range origins {
		ours := row.of == o.family() || row.of == o.apiVersion()
		if ours && (row.kind == "" || row.kind == o.kind()) && strings.HasPrefix(path, row.path) {
			return row.ownedBy(o)
		}
	}
	return itself.ownedBy(o)
}

// ownedBy fills in the object itself where the row names no other owner.
func (from origin) ownedBy(o object) origin {
	if from.kind == "" {
		from.apiVersion, from.kind = o.apiVersion(), o.kind()
	}
	return from
}
