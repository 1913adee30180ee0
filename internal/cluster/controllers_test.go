package cluster

import (
	stdcmp "cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/internal/polyaxon"
)

const (
	jobs        = "/apis/batch/v1/namespaces/polyaxon/jobs/"
	replicaSets = "/apis/apps/v1/namespaces/polyaxon/replicasets/"
	deployments = "/apis/apps/v1/namespaces/polyaxon/deployments/"
	operations  = "/apis/core.polyaxon.com/v1/namespaces/polyaxon/operations/"
)

// TestTop: what an API server that knows these objects comes to.
func TestTop(t *testing.T) {
	job := controller("batch/v1", "Job", "run")
	for name, tc := range map[string]struct {
		first   metav1.OwnerReference
		answers map[string]string
		want    string // kind and name; empty: the first one is not there
		read    string // the highest that was read, where that is another one
		asked   []string
	}{
		"a run's Job": {
			first: job, answers: map[string]string{jobs + "run": owned("run", "core.polyaxon.com/v1", "Operation", "op"), operations + "op": free("op")},
			want: "Operation op", asked: []string{jobs + "run", operations + "op"},
		},
		"a Service of Polyaxon": {
			first: controller("apps/v1", "ReplicaSet", "rs"),
			answers: map[string]string{
				replicaSets + "rs": owned("rs", "apps/v1", "Deployment", "d"), deployments + "d": owned("d", "core.polyaxon.com/v1", "Operation", "op"), operations + "op": free("op"),
			},
			want: "Operation op", asked: []string{replicaSets + "rs", deployments + "d", operations + "op"},
		},
		"a Job without an owner":     {first: job, answers: map[string]string{jobs + "run": free("run")}, want: "Job run", asked: []string{jobs + "run"}},
		"a Job of an unknown kind's": {first: job, answers: map[string]string{jobs + "run": owned("run", "example.com/v1", "Sweep", "s")}, want: "Sweep s", read: "Job run", asked: []string{jobs + "run"}},
		"an unknown kind":            {first: controller("example.com/v1", "Sweep", "s"), want: "Sweep s", read: "nothing"},
		"a Job of what is gone": {
			first: job, answers: map[string]string{jobs + "run": owned("run", "core.polyaxon.com/v1", "Operation", "op")},
			want: "Job run", asked: []string{jobs + "run", operations + "op"},
		},
		"a Job of what may not be read": {
			first: job, answers: map[string]string{jobs + "run": owned("run", "core.polyaxon.com/v1", "Operation", "op"), operations + "op": "403"},
			want: "Operation op", read: "Job run", asked: []string{jobs + "run", operations + "op"},
		},
		"a name that is too long":         {first: controller("batch/v1", "Job", strings.Repeat("x", 254))},
		"a Job that is gone":              {first: job, asked: []string{jobs + "run"}},
		"another Job of that name":        {first: job, answers: map[string]string{jobs + "run": `{"metadata":{"uid":"another"}}`}, asked: []string{jobs + "run"}},
		"a name that leads elsewhere":     {first: controller("batch/v1", "Job", "../../secrets/s")},
		"a Job that controls itself":      {first: job, answers: map[string]string{jobs + "run": owned("run", "batch/v1", "Job", "run")}, want: "Job run", asked: slices.Repeat([]string{jobs + "run"}, mostSteps)},
		"a Job whose owner controls none": {first: job, answers: map[string]string{jobs + "run": `{"metadata":{"uid":"uid-run","ownerReferences":[{"kind":"Operation","uid":"x"}]}}`}, want: "Job run", asked: []string{jobs + "run"}},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			c := controllersOf(t, tc.answers, &asked)
			for range 2 { // the second time nobody is asked
				got, there, err := c.Top(t.Context(), "polyaxon", tc.first)
				if want := tc.want; err != nil || there != (want != "") || there && got.Kind+" "+got.Name != want {
					t.Errorf("got %v, %v, %v, want %q", got, there, err, want)
				}
				known, err := c.TopRead(t.Context(), "polyaxon", tc.first)
				if want := stdcmp.Or(tc.read, tc.want, "nothing"); err != nil || text(known) != want {
					t.Errorf("%s was read, %v, want %q", text(known), err, want)
				}
			}
			if diff := cmp.Diff(tc.asked, asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

func text(ref *metav1.OwnerReference) string {
	if ref == nil {
		return "nothing"
	}
	return ref.Kind + " " + ref.Name
}

// TestTopThatNobodyTellsOf: an error is said, and not remembered.
func TestTopThatNobodyTellsOf(t *testing.T) {
	var asked []string
	c := controllersOf(t, map[string]string{jobs + "run": "500"}, &asked)
	for range 2 {
		if _, there, err := c.Top(t.Context(), "polyaxon", controller("batch/v1", "Job", "run")); there || errorText(err) != "read jobs.batch/run: no" {
			t.Errorf("got %v, %v", there, err)
		}
	}
	if len(asked) != 2 {
		t.Errorf("asked for %q", asked)
	}
}

// TestClimbRights: the manifests let the server read just what it climbs, and the workloads that may be core.
func TestClimbRights(t *testing.T) {
	want := map[string]bool{}
	for group, kinds := range between {
		for _, kind := range kinds {
			resource, ok := resourceOf(metav1.OwnerReference{APIVersion: group + "/v1", Kind: kind})
			if !ok {
				t.Errorf("%s of %s is not climbed", kind, group)
			}
			want[resource.GroupResource().String()] = true
		}
	}
	for _, r := range polyaxon.Resources {
		want[r.GroupResource().String()] = true
	}
	for _, s := range workloadSources(kubernetes.New(nil)) {
		want[s.resource+"."+s.kind.Group] = true
	}
	got := map[string]bool{}
	for _, rule := range shippedRules(t) {
		if slices.Contains(rule.Verbs, "get") {
			for _, resource := range rule.Resources {
				got[resource+"."+rule.APIGroups[0]] = true
			}
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("(-climbed +manifests):\n%s", diff)
	}
}

// shippedRules are the rules of the server's ClusterRoles.
func shippedRules(t *testing.T) []rbacv1.PolicyRule {
	t.Helper()
	text, err := os.ReadFile("../../manifests/install.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var rules []rbacv1.PolicyRule
	for document := range strings.SplitSeq(string(text), "\n---\n") {
		var role rbacv1.ClusterRole
		if err := yaml.Unmarshal([]byte(document), &role); err != nil {
			t.Fatal(err)
		}
		if role.Kind == "ClusterRole" && (role.Name == "polymoat" || role.Name == "polymoat-governed") {
			rules = append(rules, role.Rules...)
		}
	}
	return rules
}

func controller(apiVersion, kind, name string) metav1.OwnerReference {
	return metav1.OwnerReference{APIVersion: apiVersion, Kind: kind, Name: name, UID: types.UID("uid-" + name)}
}

// free and owned are objects without and with a controller, as JSON.
func free(name string) string { return fmt.Sprintf(`{"metadata":{"uid":"uid-%s"}}`, name) }

func owned(name, apiVersion, kind, owner string) string {
	ref := controller(apiVersion, kind, owner)
	yes := true
	ref.Controller, ref.BlockOwnerDeletion = &yes, &yes
	text, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": "uid-" + name, "ownerReferences": []metav1.OwnerReference{ref}}})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// controllersOf asks an API server that knows these objects by their paths, and notes what it is asked for. A number is
// the code of its answer.
func controllersOf(t *testing.T, answers map[string]string, asked *[]string) *Controllers {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r.URL.Path)
		code, body := http.StatusOK, answers[r.URL.Path]
		if body == "" {
			body = "404"
		}
		if _, err := fmt.Sscan(body, &code); err == nil {
			body = fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","code":%d,"reason":%q,"message":"no"}`, code,
				map[int]string{403: "Forbidden", 404: "NotFound", 500: "InternalError"}[code])
		} else {
			body = `{"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadata",` + body[1:]
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	c, err := NewControllers(kubeconfigFor(t, server.URL))
	if err != nil {
		t.Fatal(err)
	}
	return c
}
