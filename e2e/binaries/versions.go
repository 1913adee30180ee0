package binaries

import (
	"crypto/sha256"
	"fmt"
	"os"
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
		if fields := strings.Fields(line); len(fields) > 1 && strings.HasPrefix(fields[1], "v") {
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

// of is a program's version without its "v".
func (v versions) of(p program) string { return strings.TrimPrefix(v[p.module], "v") }

// key names the control plane's cache folder by its versions, the platform and the flags that it is built with:
// "kubernetes-v1.37.2-etcd-v3.7.0-kwok-v0.8.0-linux-amd64-6ab10ce5".
func (v versions) key(flags []string) string {
	sum := sha256.Sum256([]byte(strings.Join(flags, " ")))
	return fmt.Sprintf("kubernetes-%s-etcd-%s-kwok-%s-%s-%x", v[kubernetesModule], v[etcdModule], v[kwokModule], platform, sum[:4])
}
