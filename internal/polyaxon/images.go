package polyaxon

import (
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// Images are the identities that images of the field were made for: with another uid their user's home and files cannot be
// written. Images that run as root by default are not here: those that work as any user need nothing but a HOME (mlflow,
// vllm, python), and those that do not (rocker/rstudio and linuxserver/*, whose init needs root) cannot run in these roles.
// They must not be modified.
var Images = []v1alpha1.ImageIdentity{
	// jupyter/docker-stacks, images/docker-stacks-foundation/Dockerfile: NB_UID 1000, NB_GID 100, /home/jovyan
	ofUser1000("jupyter/*", 100),
	// dask/dask-docker, notebook/Dockerfile: made of a docker-stacks image
	ofUser1000("daskdev/dask-notebook", 100), ofUser1000("dask/dask-notebook", 100),
	// ray-project/ray, docker/base-deps/Dockerfile: RAY_UID 1000, RAY_GID 100, /home/ray
	ofUser1000("rayproject/ray", 100), ofUser1000("rayproject/ray-ml", 100), ofUser1000("rayproject/ray-llm", 100),
	// coder/code-server, ci/release-image/Dockerfile: USER 1000, the first user of its distribution, /home/coder
	ofUser1000("codercom/code-server", 1000), ofUser1000("coder/code-server", 1000),
	// gitpod-io/openvscode-releases, Dockerfile: USER_UID and USER_GID 1000, HOME /home/workspace
	ofUser1000("gitpod/openvscode-server", 1000),
}

// ofUser1000 is an image of the user that most of them are made for.
func ofUser1000(repository string, gid int64) v1alpha1.ImageIdentity {
	return v1alpha1.ImageIdentity{Repository: repository, RunAsUser: ptr.To[int64](1000), RunAsGroup: ptr.To(gid), FSGroup: ptr.To(gid), Home: v1alpha1.KeepHome}
}

// ImageIs says whether an image is of a repository with these last path segments.
func ImageIs(image, repository string) bool { return imageIs(image, repository) }
