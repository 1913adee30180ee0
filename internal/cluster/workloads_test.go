package cluster

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/cache"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

// workload is a StatefulSet as an API server tells it, core or not.
func workload(name, partOf string) string {
	return fmt.Sprintf(`{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"namespace":"polyaxon","name":%[1]q,"uid":"uid-of-%[1]s","resourceVersion":"1"},
		"spec":{"selector":{"matchLabels":{"app":%[1]q}},"template":{"metadata":{"labels":{"app":%[1]q,"app.kubernetes.io/part-of":%[2]q}},"spec":{"containers":[]}}}}`, name, partOf)
}

// TestWorkloads: core is known once the workloads are listed, and an owner that was not seen is asked for.
func TestWorkloads(t *testing.T) {
	w := workloadsOf(t, func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		switch path := r.URL.Path; {
		case r.URL.Query().Get("sendInitialEvents") != "": // an older API server: it lists, then watches
			rw.WriteHeader(http.StatusUnprocessableEntity)
			fmt.Fprint(rw, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":422,"reason":"Invalid","message":"no"}`)
		case r.URL.Query().Get("watch") != "":
			<-r.Context().Done()
		case strings.HasSuffix(path, "/statefulsets"):
			db := strings.Replace(workload("db", "polyaxon-core"), `"containers":[]`, `"containers":[],"volumes":[
				{"name":"a","persistentVolumeClaim":{"claimName":"state"}},{"name":"b","persistentVolumeClaim":{"claimName":"datasets"}}]`, 1)
			fmt.Fprintf(rw, `{"apiVersion":"apps/v1","kind":"StatefulSetList","metadata":{"resourceVersion":"1"},"items":[%s,%s]}`,
				db, workload("cache", "someone"))
		case strings.HasSuffix(path, "/statefulsets/new"):
			fmt.Fprint(rw, workload("new", "polyaxon-core"))
		case strings.HasSuffix(path, "/statefulsets/cache"):
			fmt.Fprint(rw, workload("cache", "someone"))
		case strings.HasSuffix(path, "/statefulsets/broken"):
			rw.WriteHeader(http.StatusForbidden)
			fmt.Fprint(rw, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":403,"reason":"Forbidden","message":"no"}`)
		case strings.Contains(path, "/statefulsets/"):
			rw.WriteHeader(http.StatusNotFound)
			fmt.Fprint(rw, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":404,"reason":"NotFound","message":"no"}`)
		default:
			fmt.Fprint(rw, emptyLists[path[strings.LastIndex(path, "/")+1:]])
		}
	})
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	done := make(chan struct{})
	go func() { defer close(done); w.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	if !cache.WaitForCacheSync(ctx.Done(), w.Synced) {
		t.Fatal("the workloads are not listed")
	}
	if got := w.Core("polyaxon"); len(got) != 1 || got[0].Name != "db" || got[0].Selector.String() != "app=db" {
		t.Errorf("core is %v, want db", got)
	}
	seen := func() bool { return len(w.Core("polyaxon")[0].OncePod) > 0 }
	if err := wait.PollUntilContextCancel(ctx, 10*time.Millisecond, true, func(context.Context) (bool, error) { return seen(), nil }); err != nil {
		t.Fatal("no claim of one pod alone is known")
	}
	if got := w.Core("polyaxon")[0].OncePod; len(got) != 1 || got[0] != "state" {
		t.Errorf("claims of one pod alone are %q", got)
	}
	if got := w.Core("elsewhere"); got != nil {
		t.Errorf("core of another namespace is %v", got)
	}
	for name, tc := range map[string]struct {
		owner   *metav1.OwnerReference
		want    string
		wantErr string
	}{
		"none":                    {nil, "", ""},
		"one that was seen":       {statefulSet("db"), "db", ""},
		"one that is not core":    {statefulSet("cache"), "", ""},
		"one that is new":         {statefulSet("new"), "new", ""},
		"one of another uid":      {&metav1.OwnerReference{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "db", UID: "other"}, "", ""},
		"one that is not there":   {statefulSet("gone"), "", ""},
		"one that has no name":    {statefulSet("../secrets"), "", ""},
		"one of a kind we ignore": {&metav1.OwnerReference{APIVersion: "kubevirt.io/v1", Kind: "VirtualMachine", Name: "db"}, "", ""},
		"one that is not told":    {statefulSet("broken"), "", `read statefulsets "broken": no`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := w.Confirm(t.Context(), "polyaxon", tc.owner)
			if errorText(err) != tc.wantErr || (got == nil) != (tc.want == "") || got != nil && got.Name != tc.want {
				t.Errorf("got %v, %v; want %q, %q", got, err, tc.want, tc.wantErr)
			}
		})
	}
}

// emptyLists are what an API server without workloads answers.
var emptyLists = map[string]string{
	"deployments": `{"apiVersion":"apps/v1","kind":"DeploymentList","metadata":{"resourceVersion":"1"},"items":[]}`,
	"replicasets": `{"apiVersion":"apps/v1","kind":"ReplicaSetList","metadata":{"resourceVersion":"1"},"items":[]}`,
	"daemonsets":  `{"apiVersion":"apps/v1","kind":"DaemonSetList","metadata":{"resourceVersion":"1"},"items":[]}`,
	"persistentvolumeclaims": `{"apiVersion":"v1","kind":"PersistentVolumeClaimList","metadata":{"resourceVersion":"1"},"items":[
		{"metadata":{"namespace":"polyaxon","name":"state"},"spec":{"accessModes":["ReadWriteOncePod"]}},
		{"metadata":{"namespace":"polyaxon","name":"datasets"},"spec":{"accessModes":["ReadWriteMany"]}}]}`,
	"jobs": `{"apiVersion":"batch/v1","kind":"JobList","metadata":{"resourceVersion":"1"},"items":[]}`,
}

func statefulSet(name string) *metav1.OwnerReference {
	return &metav1.OwnerReference{APIVersion: "apps/v1", Kind: "StatefulSet", Name: name, UID: types.UID("uid-of-" + name), Controller: new(true)}
}

func workloadsOf(t *testing.T, answer http.HandlerFunc) *Workloads {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	p, err := policy.New(v1alpha1.Default())
	if err != nil {
		t.Fatal(err)
	}
	w, err := NewWorkloads(kubeconfigFor(t, server.URL), p)
	if err != nil {
		t.Fatal(err)
	}
	return w
}
