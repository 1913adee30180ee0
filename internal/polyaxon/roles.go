package polyaxon

import "github.com/polymoat/polymoat/internal/api/v1alpha1"

// Role says for people what the pods of a known role are.
type Role struct {
	Name string
	// Doc is what the pods do: "image builds". Marks are how they are told. Both are Markdown.
	Doc, Marks string
}

// Roles describe all known roles, in the order of v1alpha1.KnownRoles.
var Roles = []Role{
	{v1alpha1.RoleCore, "Polyaxon, its Helm hooks, bundled database, cache and queue",
		"the charts' labels; hooks and dependencies by the release's name"},
	{v1alpha1.RoleExperiments, "experiments of Polyaxon 0.x", "label `app`"},
	{v1alpha1.RoleJobs, "jobs", "label `app`, since 1.0 `app.kubernetes.io/component`"},
	{v1alpha1.RoleBuilds, "image builds",
		"label `app`; since 1.0 the image (kaniko and its forks, dockerizer, buildah, podman, buildkit) or a `polyaxon-init-dockerfile-` container"},
	{v1alpha1.RoleNotebooks, "Jupyter", "label `app`; since 1.0 the command, its arguments or the image"},
	{v1alpha1.RoleTensorboards, "TensorBoard", "label `app`; since 1.0 a `polyaxon-init-tb-` container or the command"},
	{v1alpha1.RoleServices, "other services", "`app.kubernetes.io/component`"},
	{v1alpha1.RoleDistributed, "replicas of Kubeflow, Ray and Dask", "`app.kubernetes.io/component`"},
	{v1alpha1.RoleHelpers, "Polyaxon's tuner, notifier and cleaner", "`app.kubernetes.io/component`"},
	{v1alpha1.RoleOther, "any other pod in the namespace", "everything else"},
}
