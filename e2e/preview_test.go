package e2e_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

// Of five thousand pods that run, a policy that moves notebooks to another node pool moves the notebooks, and nothing
// else: what the policy in force gave to pods is not taken for their own wish.
func TestPreviewOfFiveThousandPods(t *testing.T) {
	const governed, notebooks = "namespaces: [polyaxon]", "notebooks,    nodePools: [experiments]"
	own := []string{governed, "namespaces: [crowd]"}
	current := policyFile(t, own...)
	revised := policyFile(t, append(own, notebooks, "notebooks,    nodePools: [builds]")...)
	start := time.Now()
	crowd(t, "crowd", compiled(t, current), 1, map[string]int{"jobs": 2000, "experiments": 1500, "services": 500, "tensorboards": 500, "notebooks": 500})
	t.Logf("5000 pods run after %s", time.Since(start).Round(time.Millisecond))

	start = time.Now()
	code, out, errOut := plugin(t, cluster.Admin, "preview", "--policy", revised, "--against", current, "-o", "json")
	t.Logf("previewed in %s", time.Since(start).Round(time.Millisecond))
	if code != 1 || errOut != "" {
		t.Fatalf("exit code %d, want 1\n%s", code, errOut)
	}
	want := map[string]string{}
	for i := range 500 {
		want[fmt.Sprintf("notebooks-%d", i)] = "moved experiments -> builds"
	}
	if diff := cmp.Diff(want, effects(t, out)); diff != "" {
		t.Errorf("what becomes of pods (-want +got):\n%s", diff)
	}

	code, out, errOut = plugin(t, cluster.Admin, "preview", "--policy", revised, "--against", current)
	lines := strings.Split(out, "\n")
	wantText := `Would run on another node pool: 500 pods
  Role:       notebooks
  Node pool:  experiments -> builds
  Pods:       pod/notebooks-0 (crowd)
...
              and 480 more with 480 pods; -o json lists each

500 of 5000 pods: 500 moved.
`
	got := strings.Join(append(append(lines[:4:4], "..."), lines[len(lines)-4:]...), "\n")
	if diff := cmp.Diff(wantText, got); code != 1 || diff != "" || errOut != "" {
		t.Errorf("exit code %d, text (-want +got):\n%s%s", code, diff, errOut)
	}

	code, out, errOut = plugin(t, cluster.Admin, "preview", "--policy", current, "--against", current)
	if code != 0 || out != "Nothing differs for 5000 pods.\n" || errOut != "" {
		t.Errorf("the same policy: exit code %d\n%s%s", code, out, errOut)
	}
}

// effects are what becomes of each pod: "moved experiments -> builds".
func effects(t *testing.T, lines string) map[string]string {
	t.Helper()
	got := map[string]string{}
	for line := range strings.Lines(lines) {
		var o struct {
			Effect, Pod string
			Old, New    struct{ NodePool string }
		}
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatal(err)
		}
		got[o.Pod] = fmt.Sprintf("%s %s -> %s", o.Effect, o.Old.NodePool, o.New.NodePool)
	}
	return got
}

func compiled(t *testing.T, file string) *policy.Policy {
	t.Helper()
	doc, err := v1alpha1.Load(file, []byte(read(t, file)))
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.New(doc)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
