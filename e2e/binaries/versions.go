package binaries

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// module is the nested module that pins the control plane. Its dependencies never enter the product's go.mod.
const module = "e2e/controlplane"

// versions are the module versions that a nested module pins: "k8s.io/kubernetes" is "v1.37.2".
type versions map[string]string

// readVersions reads the versions of the programs' modules from a go.mod.
func readVersions(gomod string, programs ...program) (versions, error) {
	text, err := os.ReadFile(gomod)
	if err != nil {
		return nil, err
	}
	found := versions{}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(strings.TrimPrefix(line, "require ")); len(fields) > 1 && strings.HasPrefix(fields[1], "v") {
			found[fields[0]] = fields[1]
		}
	}
	for _, p := range programs {
		if found[p.module] == "" {
			return nil, fmt.Errorf("%s requires no version of %s", gomod, p.module)
		}
	}
	return found, nil
}

// controlPlane are the versions of a control plane of Kubernetes minor, "1.36", and the module that pins the programs of
// Kubernetes: dir/1.36. dir itself pins all else, with the newest Kubernetes: an empty minor is that one.
func controlPlane(dir, minor string) (v versions, kubernetes string, err error) {
	v, err = readVersions(filepath.Join(dir, "go.mod"), programs...)
	if err != nil || minor == "" || minor == v.minor() {
		return v, dir, err
	}
	all := Minors(dir)
	if !slices.Contains(all, minor) {
		return nil, "", fmt.Errorf("K8S=%s is not known; there are %s", minor, strings.Join(all, ", "))
	}
	kubernetes = filepath.Join(dir, minor)
	of, err := readVersions(filepath.Join(kubernetes, "go.mod"), kubernetesOnly)
	if err != nil {
		return nil, "", err
	}
	v[kubernetesModule] = of[kubernetesModule]
	return v, kubernetes, nil
}

// kubernetesOnly stands for every program of Kubernetes.
var kubernetesOnly = program{module: kubernetesModule}

// Minors are the versions of Kubernetes that e2e/controlplane pins, the oldest first: "1.34", ..., "1.37".
func Minors(dir string) []string {
	var minors []string
	older, _ := filepath.Glob(filepath.Join(dir, "1.*", "go.mod")) // the pattern is well formed
	for _, file := range append(older, filepath.Join(dir, "go.mod")) {
		if v, err := readVersions(file, kubernetesOnly); err == nil {
			minors = append(minors, v.minor())
		}
	}
	return minors
}

// of is a program's version without its "v".
func (v versions) of(p program) string { return strings.TrimPrefix(v[p.module], "v") }

// minor is the version of Kubernetes without its patch: "1.37".
func (v versions) minor() string {
	version := strings.TrimPrefix(v[kubernetesModule], "v")
	return version[:strings.LastIndexByte(version, '.')]
}

// key names the control plane's cache folder by its versions, the platform and the flags that it is built with:
// "kubernetes-v1.37.2-etcd-v3.7.0-kwok-v0.8.0-linux-amd64-6ab10ce5".
func (v versions) key(flags []string) string {
	sum := sha256.Sum256([]byte(strings.Join(flags, " ")))
	return fmt.Sprintf("kubernetes-%s-etcd-%s-kwok-%s-%s-%x", v[kubernetesModule], v[etcdModule], v[kwokModule], platform, sum[:4])
}
