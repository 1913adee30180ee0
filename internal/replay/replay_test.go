package replay_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/replay"
)

const (
	// placed is what both webhooks say of a job that they admit, and refused what the validating one says of one that names
	// its node.
	placed = `"mutate.polymoat.io/policy": "polyaxon", "mutate.polymoat.io/verdict": "Allowed", "mutate.polymoat.io/role": "jobs",
		"validate.polymoat.io/policy": "polyaxon", "validate.polymoat.io/verdict": "Allowed", "validate.polymoat.io/role": "jobs",
		"validate.polymoat.io/pool": "experiments"`
	refused = `"validate.polymoat.io/policy": "polyaxon", "validate.polymoat.io/verdict": "Denied", "validate.polymoat.io/role": "jobs",
		"validate.polymoat.io/rules": "node-name=Enforce"`
	job = `{"metadata": {"generateName": "train-", "labels": {"app.kubernetes.io/part-of": "polyaxon-runs",
		"app.kubernetes.io/component": "polyaxon-jobs", "app.kubernetes.io/name": "train"}},
		"spec": {"containers": [{"name": "polyaxon-main", "image": "train:1"}]}}`
)

// line is one event of a log, with some of its fields replaced.
func line(annotations, object string, oldnew ...string) []byte {
	return []byte(strings.NewReplacer(append(oldnew, "\n", " ", "ANNOTATIONS", annotations, "OBJECT", object)...).Replace(`
{"kind": "Event", "stage": "ResponseComplete", "auditID": "1", "verb": "create", "requestURI": "/pods?dryRun=All",
 "user": {"username": "jane"}, "objectRef": {"resource": "pods", "namespace": "polyaxon"},
 "requestReceivedTimestamp": "2026-11-23T12:00:00Z", "annotations": {ANNOTATIONS}, "requestObject": OBJECT}`))
}

func builtin(t *testing.T) *policy.Policy {
	t.Helper()
	p, err := policy.New(v1alpha1.Default())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestLine(t *testing.T) {
	pinned := strings.Replace(job, `"spec": {`, `"spec": {"nodeName": "n1", `, 1)
	for name, tc := range map[string]struct {
		line []byte
		want string // who, what, verdict then, verdict today, differs
	}{
		"the same":             {line(placed, job), "jane pods polyaxon/train- Allowed Allowed false"},
		"refused today":        {line(placed, pinned), "jane pods polyaxon/train- Allowed Denied true"},
		"who is impersonated":  {line(placed, job, `"objectRef"`, `"impersonatedUser": {"username": "john"}, "objectRef"`), "john pods polyaxon/train- Allowed Allowed false"},
		"judged as it was":     {line(refused, pinned), "jane pods polyaxon/train- Denied Denied true"}, // never placed: more rules fire
		"a subresource":        {line(placed, job, `"resource": "pods"`, `"resource": "pods", "subresource": "binding"`), "jane pods/binding polyaxon/ Allowed unknown: only pods are decided on again"},
		"an update":            {line(placed, job, "create", "update"), "jane pods polyaxon/ Allowed unknown: the log does not hold the pod as it was before"},
		"a log without bodies": {line(placed, job, `, "requestObject": OBJECT`, ""), "jane pods polyaxon/ Allowed unknown: the log does not hold the pod; audit pods at level Request"},
		"no pod": {line(placed, `{"spec": []}`), "jane pods polyaxon/ Allowed unknown: " +
			"the pod does not decode: json: cannot unmarshal array into Go struct field Pod.spec of type v1.PodSpec"},
	} {
		t.Run(name, func(t *testing.T) {
			d, decided, err := replay.Line(builtin(t), tc.line, v1alpha1.DayOf(time.Now()))
			if err != nil || !decided {
				t.Fatalf("decided %v, error %v", decided, err)
			}
			got := fmt.Sprintf("%s %s %s/%s %s ", d.User, d.Resource, d.Namespace, d.Name, d.Was.Verdict)
			if d.Is != nil {
				got += fmt.Sprintf("%s %v", d.Is.Verdict, d.Differs)
			} else {
				got += "unknown: " + d.Unknown
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if !d.DryRun || d.AuditID != "1" || !d.Time.Equal(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)) {
				t.Errorf("dry run %v, audit ID %q, time %v", d.DryRun, d.AuditID, d.Time)
			}
		})
	}
}

// TestLineOfSomebodyElse: most of a log is no decision of polymoat, and each request is logged more than once.
func TestLineOfSomebodyElse(t *testing.T) {
	for name, l := range map[string][]byte{
		"no annotation":     line("", job),
		"another webhook's": line(`"mutate.example.com/verdict": "Allowed"`, job),
		"an earlier stage":  line(placed, job, "ResponseComplete", "RequestReceived"),
		"no object":         line(placed, job, `"objectRef"`, `"ref"`),
	} {
		if d, decided, err := replay.Line(builtin(t), l, 0); decided || err != nil {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
}

func TestLineThatIsNone(t *testing.T) {
	for l, want := range map[string]string{
		`{`:              "is no JSON object: unexpected end of JSON input",
		`{"kind":"Pod"}`: `is of kind "Pod", not an Event of audit.k8s.io/v1`,
	} {
		if _, _, err := replay.Line(builtin(t), []byte(l), 0); err == nil || err.Error() != want {
			t.Errorf("%s: error is %v, want %s", l, err, want)
		}
	}
}
