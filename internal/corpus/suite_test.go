package corpus

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/policy"
)

func TestRead(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	suite, err := Read("cases", fstest.MapFS{
		"a.in.yaml":       file("# why: because\n# role: jobs\n# user: jane\n# groups: one two\n# policy: mine\nkind: Pod\n"),
		"a.out.yaml":      file("kind: Pod\n"),
		"b.in.yaml":       file("# why: no role\n"),
		"b.deny.txt":      file("no\n"),
		"c.deny.txt":      file("no\n"),
		"d.yaml":          file(""),
		".hidden":         file(""),
		"NOTES.md":        file(""),
		"policies/x.yaml": file(""),
	})
	wantErr := `cases/b.in.yaml: the comments at the top must give "# why:" and "# role:"`
	if err == nil || err.Error() != wantErr {
		t.Errorf("error is %v, want %s", err, wantErr)
	}
	if diff := cmp.Diff([]string{"c.deny.txt", "d.yaml"}, suite.Strays); diff != "" {
		t.Errorf("strays (-want +got):\n%s", diff)
	}
	if len(suite.Cases) != 1 {
		t.Fatalf("%d cases, want 1", len(suite.Cases))
	}
	got := suite.Cases[0]
	want := Case{
		Name: "a", Why: "because", Role: "jobs", PolicyName: "mine", In: got.In, Out: "kind: Pod\n", folder: got.folder,
		User: policy.UserInfo{Name: "jane", Groups: []string{"one", "two"}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Case{}), cmp.Comparer(func(a, b *folder) bool { return a == b })); diff != "" {
		t.Errorf("case (-want +got):\n%s", diff)
	}
}

func TestReadOfADayThatIsNone(t *testing.T) {
	_, err := Read("cases", fstest.MapFS{"a.in.yaml": {Data: []byte("# why: because\n# role: jobs\n# today: tomorrow\nkind: Pod\n")}})
	want := `cases/a.in.yaml: "# today: tomorrow" is not a date; write "# today: 2026-11-23"`
	if err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
}

func TestTemplateIsAskedForByItsController(t *testing.T) {
	tc := Case{Name: "job", In: `
apiVersion: batch/v1
kind: Job
metadata: {name: train, namespace: polyaxon}
spec: {template: {spec: {containers: [{name: main}]}}}
`}
	for user, want := range map[string]string{"": "system:serviceaccount:kube-system:job-controller", "jane": "jane"} {
		tc.User.Name = user
		r, err := tc.Request()
		if err != nil {
			t.Fatal(err)
		}
		if r.User.Name != want || r.Namespace != "polyaxon" || len(r.Pod.Spec.Containers) != 1 {
			t.Errorf("user %q in namespace %q asks for %v, want user %q and the pod of the template", r.User.Name, r.Namespace, r.Pod, want)
		}
	}
}

// TestAgain shows what is said of a policy that does not leave its own result alone.
func TestAgain(t *testing.T) {
	first := policy.Decision{Verdict: policy.Allowed, Pod: &corev1.Pod{}}
	second := policy.Decision{
		Verdict: policy.Denied, Role: "jobs", Changes: []policy.Change{{Path: "spec.nodeSelector[polyaxon]"}},
		Violations: []policy.Violation{{Rule: "node-name", Detail: "is set", Fix: "remove it"}},
	}
	want := `the stored pod is changed again: spec.nodeSelector[polyaxon]
the stored pod is judged otherwise: "pods \"x\" of role \"jobs\": <nil> is set; remove it [node-name]", and first ""`
	got := again(second, first)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{want}, (Case{Role: "jobs", Out: "kind: Pod\n"}).Problems(Outcome{Role: "jobs", Out: "kind: Pod\n", Again: got})); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
