package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// replayed is the one user whose requests this test looks for in the log.
const replayed = "system:serviceaccount:polyaxon:replayed"

// What the API server's audit log tells is what was decided, and the same policy decides the same again.
func TestReplayOfTheAuditLog(t *testing.T) {
	c := as(t, replayed)
	for _, pod := range []*corev1.Pod{
		jobNamed("replay-placed", func(*corev1.Pod) {}),
		jobNamed("replay-pinned", func(p *corev1.Pod) { p.Spec.NodeName = "core-1" }),
		jobNamed("replay-root", func(p *corev1.Pod) {
			p.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: ptr.To[int64](0)}
		}),
		jobNamed("replay-claim", func(p *corev1.Pod) { p.Labels = map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"} }),
		jobNamed("replay-override", func(p *corev1.Pod) { p.Annotations = map[string]string{"polymoat.io/node-pool": "core"} }),
	} {
		_ = c.Create(t.Context(), pod, client.DryRunAll) // refused or not: the log tells
	}
	log := ownLog(t)
	t.Setenv("KUBECONFIG", os.DevNull)
	code, out, errOut := offline("replay", log, "-o", "json")
	if code != 0 || errOut != "" {
		t.Errorf("exit code %d\n%s%s", code, out, errOut)
	}
	want := map[string]string{
		"replay-placed":   "Allowed jobs experiments ",
		"replay-pinned":   "Denied jobs experiments node-name=Enforce",
		"replay-root":     "Denied jobs experiments run-as-root=Enforce",
		"replay-claim":    "Denied core core core-claim=Enforce",
		"replay-override": "Invalid jobs experiments ",
	}
	if diff := cmp.Diff(want, retold(t, out)); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
	revised := policyFile(t, "spec:\n", "spec:\n  modes: [{mode: Audit, rules: [run-as-root]}]\n")
	code, out, errOut = offline("replay", log, "--policy", revised)
	if code != 1 || errOut != "" || !strings.HasSuffix(out, "\n5 decisions, 5 decided again, 1 otherwise.\n") {
		t.Errorf("by another policy: exit code %d\n%s%s", code, out, errOut)
	}
}

func jobNamed(name string, change func(*corev1.Pod)) *corev1.Pod {
	pod := jobPod(name)
	change(pod)
	return pod
}

// ownLog is a file with the lines of the audit log that are this test's.
func ownLog(t *testing.T) string {
	t.Helper()
	var own strings.Builder
	for line := range strings.Lines(read(t, control.AuditLog())) {
		if strings.Contains(line, replayed) {
			own.WriteString(line)
		}
	}
	path := filepath.Join(t.TempDir(), "audit.log")
	if err := os.WriteFile(path, []byte(own.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// retold are the decisions by the names of their pods: verdict, role, pool and rules.
func retold(t *testing.T, lines string) map[string]string {
	t.Helper()
	got := map[string]string{}
	for line := range strings.Lines(lines) {
		var d struct {
			Name string
			Was  struct {
				Verdict, Role, Pool string
				Rules               []string
			}
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		got[d.Name] = strings.Join([]string{d.Was.Verdict, d.Was.Role, d.Was.Pool, strings.Join(d.Was.Rules, " ")}, " ")
	}
	return got
}
