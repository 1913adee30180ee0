package auditor

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/ptr"
)

// auditedCluster is an API server that knows nodes, the pods of one namespace and a Lease. Watches tell of nodes alone.
type auditedCluster struct {
	mu       sync.Mutex
	version  int
	nodes    map[string]corev1.Node
	pods     []corev1.Pod
	lease    *coordinationv1.Lease
	core     bool // there is a ReplicaSet of core
	hidden   bool // pods may not be listed
	lists    int  // of pods
	watchers []chan corev1.Node
}

func newAuditedCluster(t *testing.T) (c *auditedCluster, kubeconfig string) {
	t.Helper()
	c = &auditedCluster{version: 1, nodes: map[string]corev1.Node{}}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return c, kubeconfigOf(t, server.URL)
}

// kubeconfigOf writes the kubeconfig for a server.
func kubeconfigOf(t *testing.T, url string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	text := "apiVersion: v1\nkind: Config\nclusters: [{name: a, cluster: {server: '" + url + "'}}]\ncontexts: [{name: a, context: {cluster: a}}]\ncurrent-context: a\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in 20 seconds: %s", what)
		}
	}
}

// put makes a node of a name, or relabels it.
func (c *auditedCluster) put(name, pool string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version++
	node := corev1.Node{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Node"},
		ObjectMeta: metav1.ObjectMeta{Name: name, ResourceVersion: fmt.Sprint(c.version), Labels: map[string]string{"polyaxon": pool}},
	}
	c.nodes[name] = node
	for _, w := range c.watchers {
		w <- node
	}
}

// hide has pods not be seen any more, or seen again.
func (c *auditedCluster) hide(hidden bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hidden = hidden
}

// listed is how often pods were listed.
func (c *auditedCluster) listed() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lists
}

// holder is who holds the Lease; empty where it is free, or not there.
func (c *auditedCluster) holder() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lease == nil || c.lease.Spec.HolderIdentity == nil {
		return ""
	}
	return *c.lease.Spec.HolderIdentity
}

// steal has another one hold the Lease for a second.
func (c *auditedCluster) steal() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version++
	c.lease = c.lease.DeepCopy()
	c.lease.ResourceVersion = fmt.Sprint(c.version)
	c.lease.Spec.HolderIdentity, c.lease.Spec.LeaseDurationSeconds = ptr.To("thief"), ptr.To[int32](1)
}

func (c *auditedCluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	query, pods := r.URL.Query(), strings.HasSuffix(r.URL.Path, "/pods")
	switch {
	case strings.Contains(r.URL.Path, "/leases"):
		c.serveLease(w, r)
	case pods && c.hidden:
		refuseWith(w, http.StatusForbidden, metav1.StatusReasonForbidden)
	case query.Get("sendInitialEvents") != "":
		refuseWith(w, http.StatusUnprocessableEntity, metav1.StatusReasonInvalid)
	case query.Get("watch") != "":
		c.serveWatch(w, r, strings.HasSuffix(r.URL.Path, "/nodes"))
	case c.core && strings.HasSuffix(r.URL.Path, "/replicasets"):
		reply(w, &appsv1.ReplicaSetList{TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "ReplicaSetList"}, Items: []appsv1.ReplicaSet{{
			ObjectMeta: metav1.ObjectMeta{Namespace: "polyaxon", Name: "api", UID: "1", ResourceVersion: "1"},
			Spec: appsv1.ReplicaSetSpec{Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"}},
			}},
		}}})
	case strings.HasPrefix(r.URL.Path, "/apis/"):
		reply(w, noWorkloads(r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]))
	case strings.HasSuffix(r.URL.Path, "/persistentvolumeclaims"):
		reply(w, &corev1.PersistentVolumeClaimList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolumeClaimList"}})
	case pods:
		c.lists++
		reply(w, &corev1.PodList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"}, ListMeta: metav1.ListMeta{ResourceVersion: fmt.Sprint(c.version)}, Items: c.pods})
	default:
		list := &corev1.NodeList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "NodeList"}, ListMeta: metav1.ListMeta{ResourceVersion: fmt.Sprint(c.version)}}
		for _, n := range c.nodes {
			list.Items = append(list.Items, n)
		}
		reply(w, list)
	}
}

// serveWatch tells of nodes until the client goes, and of everything else nothing.
func (c *auditedCluster) serveWatch(w http.ResponseWriter, r *http.Request, nodes bool) {
	told := make(chan corev1.Node, 100)
	if nodes {
		c.watchers = append(c.watchers, told)
	}
	w.Header().Set("Content-Type", "application/json")
	w.(http.Flusher).Flush()
	c.mu.Unlock()
	defer c.mu.Lock()
	for {
		select {
		case <-r.Context().Done():
			return
		case node := <-told:
			_ = json.NewEncoder(w).Encode(map[string]any{"type": "MODIFIED", "object": node})
			w.(http.Flusher).Flush()
		}
	}
}

// noWorkloads is the empty list of a resource: statefulsets.
func noWorkloads(resource string) runtime.Object {
	meta := metav1.ListMeta{ResourceVersion: "1"}
	switch resource {
	case "deployments":
		return &appsv1.DeploymentList{TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "DeploymentList"}, ListMeta: meta}
	case "replicasets":
		return &appsv1.ReplicaSetList{TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "ReplicaSetList"}, ListMeta: meta}
	case "statefulsets":
		return &appsv1.StatefulSetList{TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "StatefulSetList"}, ListMeta: meta}
	case "daemonsets":
		return &appsv1.DaemonSetList{TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "DaemonSetList"}, ListMeta: meta}
	default:
		return &batchv1.JobList{TypeMeta: metav1.TypeMeta{APIVersion: "batch/v1", Kind: "JobList"}, ListMeta: meta}
	}
}

func (c *auditedCluster) serveLease(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		body, _ := io.ReadAll(r.Body)
		object, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		lease := object.(*coordinationv1.Lease)
		if c.lease != nil && lease.ResourceVersion != c.lease.ResourceVersion {
			refuseWith(w, http.StatusConflict, metav1.StatusReasonConflict)
			return
		}
		c.version++
		c.lease = lease
		c.lease.APIVersion, c.lease.Kind, c.lease.ResourceVersion = "coordination.k8s.io/v1", "Lease", fmt.Sprint(c.version)
	}
	if c.lease == nil {
		refuseWith(w, http.StatusNotFound, metav1.StatusReasonNotFound)
		return
	}
	reply(w, c.lease)
}

func reply(w http.ResponseWriter, object runtime.Object) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(object)
}

func refuseWith(w http.ResponseWriter, code int, reason metav1.StatusReason) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"message":"no","code":%d}`, reason, code)
}
