package e2e_test

// run is a run of one kind, in the shape in which Polyaxon's compilers write it for the default artifacts store: a folder
// of the node.
type run struct {
	name, kind string
	// image and command are the main container's. init is an init container besides those that every run has.
	image, command, init string
	// role and uid are what must come of it. Empty: the role of its kind, and 2222.
	role, uid string
	// ownAccount says that the pod has a service account of its own.
	ownAccount bool
	version    string // of the compiler
}

// kind is Polyaxon's: what the annotation of a run says since 1.0, what the label app says in 0.x.
type kind struct {
	role string
	// maker is Job, Deployment, or the user who makes bare pods.
	maker     string
	component string // what the label says since 1.0
}

const (
	polyaxonOperator = "system:serviceaccount:polyaxon:polyaxon-polyaxon-operator-sa" // makes Jobs and Deployments
	trainingOperator = "system:serviceaccount:polyaxon:trainingjobs-trainingjobs"
	rayOperator      = "system:serviceaccount:ray-system:kuberay-operator"
	classicScheduler = "system:serviceaccount:polyaxon:polyaxon-polyaxon-serviceaccount"
)

var kinds = map[string]kind{
	"job":         {"jobs", "Job", "polyaxon-jobs"},
	"service":     {"services", "Deployment", "polyaxon-services"},
	"notifier":    {"helpers", "Job", "polyaxon-notifiers"},
	"tuner":       {"helpers", "Job", "polyaxon-tuners"},
	"cleaner":     {"helpers", "Job", "polyaxon-cleaners"},
	"tfjob":       {"distributed", trainingOperator, "polyaxon-tfjobs"},
	"pytorchjob":  {"distributed", trainingOperator, "polyaxon-pytorch-jobs"},
	"mpijob":      {"distributed", trainingOperator, "polyaxon-mpi-jobs"},
	"daskcluster": {"distributed", "Deployment", "polyaxon-dask-clusters"},
	"raycluster":  {"distributed", rayOperator, "polyaxon-ray-clusters"},

	"polyaxon-experiment":  {"experiments", classicScheduler, ""},
	"polyaxon-job":         {"jobs", classicScheduler, ""},
	"polyaxon-dockerizer":  {"builds", classicScheduler, ""},
	"polyaxon-notebook":    {"notebooks", "Deployment", ""},
	"polyaxon-tensorboard": {"tensorboards", "Deployment", ""},
}

// modernRuns are of the kinds that 1.20 and 2.x have.
func modernRuns(version string) []run {
	return ofVersion(version, []run{
		{name: "job", kind: "job", image: "python:3.12", command: "python train.py"},
		{name: "git", kind: "job", image: "python:3.12", command: "python train.py", init: "polyaxon-init-git-repo-519e6ab3cb"},
		{name: "kaniko", kind: "job", image: "gcr.io/kaniko-project/executor:v1.23.2", init: "polyaxon-init-dockerfile-4ca3143dfb", role: "builds", uid: "image"},
		{name: "app", kind: "service", image: "acme/app:1", command: "streamlit run app.py"},
		{name: "vscode", kind: "service", image: "codercom/code-server:4.9", uid: "1000"},
		{name: "notebook", kind: "service", image: "jupyter/scipy-notebook", command: "jupyter lab --allow-root", role: "notebooks", uid: "1000"},
		{name: "board", kind: "service", image: "tensorflow/tensorflow:2.14.0", command: "tensorboard --logdir=/x", init: "polyaxon-init-tb-14ce6d3124", role: "tensorboards"},
		{name: "tf-chief-0", kind: "tfjob", image: "tensorflow/tensorflow:2.14.0", command: "python train.py"},
		{name: "tf-ps-0", kind: "tfjob", image: "tensorflow/tensorflow:2.14.0", command: "python train.py"},
		{name: "pytorch-master-0", kind: "pytorchjob", image: "pytorch/pytorch:2.5.1", command: "torchrun train.py"},
		{name: "pytorch-worker-0", kind: "pytorchjob", image: "pytorch/pytorch:2.5.1", command: "torchrun train.py", init: "init-pytorch"},
		{name: "mpi-launcher", kind: "mpijob", image: "horovod/horovod:0.20.0", command: "mpirun python train.py", init: "kubectl-delivery", ownAccount: true},
		{name: "mpi-worker-0", kind: "mpijob", image: "horovod/horovod:0.20.0", command: "sleep 365d"},
		{name: "notifier", kind: "notifier", image: "polyaxon/polyaxon-events-handlers:" + version, command: "polyaxon notify"},
		{name: "tuner", kind: "tuner", image: "polyaxon/polyaxon-hyperopt:" + version, command: "polyaxon tuner"},
		{name: "cleaner", kind: "cleaner", image: "polyaxon/polyaxon-init:" + version, command: "polyaxon clean-artifacts"},
	})
}

// newRuns are those that only 2.x has.
var newRuns = ofVersion("2.16.4", []run{
	{name: "sandbox", kind: "service", image: "python:3.12", command: "/opt/polyaxon/bin/bootstrap-sandbox.sh sleep infinity", init: "polyaxon-init-tools"},
	{name: "dask-scheduler", kind: "daskcluster", image: "ghcr.io/dask/dask:latest", command: "dask-scheduler"},
	{name: "dask-worker", kind: "daskcluster", image: "ghcr.io/dask/dask:latest", command: "dask-worker"},
	{name: "ray-head", kind: "raycluster", image: "rayproject/ray:2.9.0", uid: "1000"},
	{name: "ray-worker", kind: "raycluster", image: "rayproject/ray:2.9.0", uid: "1000"},
})

var classicRuns = ofVersion("0.6.1", []run{
	{name: "experiment", kind: "polyaxon-experiment", image: "acme/model:1", command: "python3 model.py"},
	{name: "job", kind: "polyaxon-job", image: "acme/model:1", command: "python3 clean.py"},
	{name: "build", kind: "polyaxon-dockerizer", image: "polyaxon/polyaxon-dockerizer:0.6.1", command: "python3 build_cmd.py", uid: "image"},
	{name: "build-kaniko", kind: "polyaxon-dockerizer", image: "gcr.io/kaniko-project/executor:latest", uid: "image"},
	{name: "notebook", kind: "polyaxon-notebook", image: "acme/model:1", command: "jupyter notebook --port=8888"},
	{name: "tensorboard", kind: "polyaxon-tensorboard", image: "tensorflow/tensorflow:1.4.1", command: "tensorboard --logdir=/outputs"},
})

func ofVersion(version string, runs []run) []run {
	for i := range runs {
		runs[i].version = version
	}
	return runs
}
