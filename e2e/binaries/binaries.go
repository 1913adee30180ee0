// Package binaries builds the programs of a real control plane from Go modules, once, and keeps them in the
// repository's .cache folder. No container engine and no download besides Go modules is needed.
package binaries

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// program is one program that is built from its Go module.
type program struct {
	name   string // kube-apiserver
	pkg    string // the Go package to build
	module string // the module that it is versioned by, as the go.mod of the nested module requires it
	// estimate is how long two quiet cores take with nothing cached.
	estimate time.Duration
}

const (
	etcdModule       = "go.etcd.io/etcd/server/v3"
	kubernetesModule = "k8s.io/kubernetes"
	kwokModule       = "sigs.k8s.io/kwok"
)

// programs are built in this order: the API server, which takes longest, early.
var programs = []program{
	{"etcd", etcdModule, etcdModule, time.Minute},
	{"kube-apiserver", kubernetesModule + "/cmd/kube-apiserver", kubernetesModule, 4 * time.Minute},
	{"kube-scheduler", kubernetesModule + "/cmd/kube-scheduler", kubernetesModule, 30 * time.Second},
	{"kube-controller-manager", kubernetesModule + "/cmd/kube-controller-manager", kubernetesModule, time.Minute},
	{"kwok", kwokModule + "/cmd/kwok", kwokModule, 30 * time.Second},
}

// Set is where the programs lie.
type Set struct {
	paths map[string]string
	// Stages is a file with the stages that kwok plays for nodes and pods.
	Stages string
}

// Path is the file of a program: Path("etcd").
func (s Set) Path(name string) string { return s.paths[name] }

// Ensure returns the programs of the control plane that e2e/controlplane pins, and builds those that are not there yet,
// with progress on out. $K8S chooses the version of Kubernetes, "1.36"; without it, it is the newest. Programs in
// $KUBEBUILDER_ASSETS (the convention of envtest) are used as they are. root is the repository's root; see Root.
func Ensure(ctx context.Context, root string, out io.Writer) (Set, error) {
	versions, kubernetes, err := controlPlane(filepath.Join(root, module), os.Getenv("K8S"))
	if err != nil {
		return Set{}, err
	}
	b := builder{module: filepath.Join(root, module), kubernetes: kubernetes, dir: filepath.Join(root, ".cache", "controlplane", versions.key(buildFlags)), versions: versions, out: out}
	if set, ok := b.find(); ok {
		return set, nil
	}
	locked, err := lock(ctx, b.dir, out)
	if err != nil {
		return Set{}, err
	}
	defer func() { _ = locked.Close() }()
	return b.build(ctx)
}

// find returns the programs if all of them are there.
func (b builder) find() (Set, bool) {
	set := Set{paths: map[string]string{}, Stages: filepath.Join(b.dir, "kwok-stages.yaml")}
	complete := isFile(set.Stages)
	for _, p := range programs {
		set.paths[p.name] = b.locate(p)
		complete = complete && isFile(set.paths[p.name])
	}
	return set, complete
}

// locate is where a program lies, or will lie once built.
func (b builder) locate(p program) string {
	if assets := os.Getenv("KUBEBUILDER_ASSETS"); assets != "" && isFile(filepath.Join(assets, p.name)) {
		return filepath.Join(assets, p.name)
	}
	return filepath.Join(b.dir, p.name)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// Root is the repository's root, found upwards from the working directory.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; !isFile(filepath.Join(dir, module, "go.mod")); dir = filepath.Dir(dir) {
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no %s/go.mod in or above the working directory", module)
		}
	}
	return dir, nil
}

// platform is part of the cache's key, for checkouts shared between machines.
const platform = runtime.GOOS + "-" + runtime.GOARCH
