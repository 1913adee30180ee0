package e2e_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// asked is a webhook that allows everything and counts what it is asked by dry-run: only the test does so.
type asked struct {
	*httptest.Server
	reviews atomic.Int64
}

func (a *asked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	review := admissionv1.AdmissionReview{}
	if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if ptr.Deref(review.Request.DryRun, false) {
		a.reviews.Add(1)
	}
	review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true}
	_ = json.NewEncoder(w).Encode(review)
}

// entry is a pod by its labels, and whether it may be created while polymoat is away, if a built-in controller asks.
type entry struct {
	labels map[string]string
	open   bool
}

var entries = map[string]entry{
	"core of 1.1.1 and later":    {map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"}, true},
	"core of 0.x":                {map[string]string{"type": "polyaxon-core", "app": "polyaxon-polyaxon-api"}, true},
	"the metrics of 1.1.0":       {map[string]string{"type": "polyaxon-metrics"}, true},
	"a run":                      {map[string]string{"app.kubernetes.io/part-of": "polyaxon-runs"}, false},
	"a run with a mark of core":  {map[string]string{"app.kubernetes.io/part-of": "polyaxon-runs", "type": "polyaxon-core"}, false},
	"a run of 0.6 with one, too": {map[string]string{"app.kubernetes.io/part-of": "polyaxon-core", "type": "polyaxon-runner"}, false},
	"a run of 0.1 with one, too": {map[string]string{"app.kubernetes.io/part-of": "polyaxon-core", "type": "polyaxon-experiment"}, false},
	"one by the label part-of":   {map[string]string{"app.kubernetes.io/part-of": "polyaxon-runner", "type": "polyaxon-core"}, false},
	"any other pod":              {nil, false},
	// Their names are anybody's to give: they wait.
	"a hook":       {map[string]string{"app.kubernetes.io/name": "polyaxon-polyaxon-sync-db"}, false},
	"a dependency": {map[string]string{"app": "postgresql", "release": "polyaxon"}, false},
}

// requesters are who asks for pods, and whether they are built-in controllers.
var requesters = map[string]bool{
	"system:serviceaccount:kube-system:replicaset-controller":  true,
	"system:serviceaccount:kube-system:replication-controller": true,
	"system:serviceaccount:kube-system:statefulset-controller": true,
	"system:serviceaccount:kube-system:daemon-set-controller":  true,
	"system:serviceaccount:kube-system:job-controller":         true,
	"system:kube-controller-manager":                           true,
	"system:serviceaccount:kube-system:deployment-controller":  false,
	"system:serviceaccount:entries:job-controller":             false,
	"job-controller": false,
	"jane":           false,
}

// TestEntries: of the two webhooks for pods one is asked, and never both. While the server is away, only core's own pods
// are let through, and only when a built-in controller asks.
func TestEntries(t *testing.T) {
	away := &asked{}
	away.Server = httptest.NewUnstartedServer(away)
	away.StartTLS()
	t.Cleanup(away.Close)
	installEntries(t, away)
	stored := plainPod("entries")
	stored.Name, stored.Labels = "stored", entries["core of 0.x"].labels
	create(t, as(t, cluster.Admin), stored)
	for each := range eachEntry {
		before := away.reviews.Load()
		if err := each.create(t); err != nil {
			t.Errorf("%s: %v", each, err)
		}
		if got := away.reviews.Load() - before; got != 1 {
			t.Errorf("%s: asked %d times", each, got)
		}
	}
	before := away.reviews.Load()
	if err := annotate(t, stored); err != nil || away.reviews.Load()-before != 1 {
		t.Errorf("an update of core by a controller: asked %d times: %v", away.reviews.Load()-before, err)
	}
	away.Close()
	if err := annotate(t, stored); err == nil {
		t.Error("an update of core is let through: only creation is")
	}
	for each := range eachEntry {
		const closed = `failed calling webhook "validate.polymoat.io"`
		switch err := each.create(t); {
		case each.open && err != nil:
			t.Errorf("%s: %v", each, err)
		case !each.open && (err == nil || !strings.Contains(err.Error(), closed)):
			t.Errorf("%s: %v, want %s", each, err, closed)
		}
	}
}

// TestOpenEntriesAreCore: what is let through is what the policy itself knows for core by labels alone.
func TestOpenEntriesAreCore(t *testing.T) {
	for name, e := range entries {
		role := polyaxon.Identify(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: e.labels}}, "polyaxon").Role
		if e.open && role != "core" {
			t.Errorf("%s is let through, and the policy knows it as %q", name, role)
		}
	}
}

// requested is a pod that somebody asks for.
type requested struct {
	name, user string
	entry
}

func (r requested) String() string { return fmt.Sprintf("%s, asked for by %s", r.name, r.user) }

func eachEntry(yield func(requested) bool) {
	for name, e := range entries {
		for user, controller := range requesters {
			if !yield(requested{name, user, entry{e.labels, e.open && controller}}) {
				return
			}
		}
	}
}

// create creates the pod by dry-run, as whoever asks; everybody may.
func (r requested) create(t *testing.T) error {
	t.Helper()
	config := control.Impersonating(r.user)
	config.Impersonate.Groups = []string{"system:masters"}
	c, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	pod := plainPod("entries")
	pod.Labels = r.labels
	return c.Create(t.Context(), pod, client.DryRunAll)
}

// annotate changes a pod by dry-run, as a built-in controller.
func annotate(t *testing.T, pod *corev1.Pod) error {
	t.Helper()
	controller := as(t, "system:serviceaccount:kube-system:job-controller")
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"annotations":{"a":"b"}}}`))
	return controller.Patch(t.Context(), pod.DeepCopy(), patch, client.DryRunAll)
}

// installEntries creates the validating webhooks of the chart for a namespace of its own, and waits until they are asked.
func installEntries(t *testing.T, server *asked) {
	t.Helper()
	admin := as(t, cluster.Admin)
	create(t, admin, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "entries"}})
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	text, err := helm.Render(t.Context(), "entries", "entries-system", "--set=webhookURL="+server.URL,
		"--set-literal=certificates.caBundle="+string(ca), "--values="+policyValues(t, "entries", "default"), "--show-only=templates/webhooks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range decodeAll(t, text) {
		if object.GetKind() == "ValidatingWebhookConfiguration" {
			create(t, admin, object)
		}
	}
	err = control.Await("the webhooks", func(context.Context) error {
		if err := (requested{user: "jane"}).create(t); err != nil {
			return err
		}
		if server.reviews.Load() == 0 {
			return errors.New("nobody is asked")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
