package failure_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// policyValues writes the chart's default values with another text in the place of one, and returns the flag that names
// the file.
func policyValues(t *testing.T, oldnew ...string) string {
	t.Helper()
	values, err := os.ReadFile(filepath.Join(helm.Dir, "values.yaml"))
	must(t, err)
	text := string(values)
	for pair := range slices.Chunk(oldnew, 2) {
		if strings.Count(text, pair[0]) != 1 {
			t.Fatalf("values.yaml does not have %q once", pair[0])
		}
		text = strings.Replace(text, pair[0], pair[1], 1)
	}
	path := filepath.Join(t.TempDir(), "values.yaml")
	must(t, os.WriteFile(path, []byte(text), 0o600))
	return "--values=" + path
}

// refusedByHelm: a policy against the schema never reaches the cluster.
func (r *release) refusedByHelm(t *testing.T) {
	t.Helper()
	before := r.deployment().Generation
	err := r.apply(policyValues(t, "    release: polyaxon\n", "    relase: polyaxon\n"))
	const want = "- at '/policies/0/spec': additional properties 'relase' not allowed"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("helm says %v, want %s", err, want)
	}
	if after := r.deployment().Generation; after != before {
		t.Error("the Deployment was changed")
	}
}

// mistakes are what the server says of the policy of refusedByServer.
const mistakes = `polymoat: polyaxon.yaml:94: spec.roles[4].rootImages[0]: "jupyter" is not a repository with its registry and without tag or digest; did you mean "docker.io/library/jupyter"?
polyaxon.yaml:103: spec.roles[6].rootImages[0]: "ubuntu" is not a repository with its registry and without tag or digest; did you mean "docker.io/library/ubuntu"?`

const policyFlag = "--policy="

func isPolicy(arg string) bool { return strings.HasPrefix(arg, policyFlag) }

// refusedByServer: what only the server can see ends its new replica with every mistake, and the old ones go on. Rolling
// back is enough.
func (r *release) refusedByServer(t *testing.T) {
	t.Helper()
	must(t, r.apply(policyValues(t,
		"{name: notebooks,    nodePools: [experiments]}", "{name: notebooks, nodePools: [experiments], podSecurity: privileged, rootImages: [jupyter]}",
		"{name: services,     nodePools: [experiments]}", "{name: services, nodePools: [experiments], podSecurity: privileged, rootImages: [ubuntu]}")))
	d := r.deployment()
	bad := newReplica(t, d)
	await(t, "the end of a server with such a policy", func() error {
		if !bad.life().hasEnded() {
			return errors.New("it runs")
		}
		return nil
	})
	if code := bad.life().cmd.ProcessState.ExitCode(); code != 1 || bad.ready.Load() {
		t.Errorf("exit code %d, ready %v", code, bad.ready.Load())
	}
	file := strings.TrimPrefix(bad.args[slices.IndexFunc(bad.args, isPolicy)], policyFlag) + "/polyaxon.yaml"
	says := strings.ReplaceAll(bad.says(), file, "polyaxon.yaml")
	if diff := cmp.Diff(mistakes, says); diff != "" {
		t.Errorf("the server says (-want +got):\n%s", diff)
	}
	r.run("rollback")
	awaitReady(t, r.replicas...)
}
