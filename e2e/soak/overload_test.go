package soak_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e"
	"github.com/polymoat/polymoat/e2e/cluster"
)

// TestOverload: while a replica has no room left, whoever makes a run reads why, in one sentence and before the API
// server's time is up. When there is room again, runs are placed as ever.
func TestOverload(t *testing.T) {
	b := newBalancer(t)
	install(t, b.url)
	r := startReplica(t, "--max-in-flight", "7Mi")
	b.replace(r)
	awaitPlaced(t)
	leave := occupy(t, r)
	const want = `Internal error occurred: failed calling webhook "validate.polymoat.io": failed to call webhook: ` +
		`polymoat: this replica has more reviews than it can answer in time; this is not a decision of the policy: ` +
		`try again, and let the administrator add replicas where it happens often`
	if err := placed(t); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	leave()
	awaitPlaced(t)
}

// occupy takes all room of a replica, with a review that does not say how long it is, and does not end before leave.
func occupy(t *testing.T, r *replica) (leave func()) {
	t.Helper()
	body, writer := io.Pipe()
	ctx, leave := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+r.address+"/validate", body)
	must(t, err)
	request.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trustAll, DisableKeepAlives: true}}
	go func() {
		if response, err := client.Do(request); err == nil {
			_ = response.Body.Close()
		}
	}()
	_, err = writer.Write([]byte("{"))
	must(t, err)
	await(t, "a replica without room", func() error {
		metrics, err := r.get(t.Context(), "/metrics")
		if err == nil && !bytes.Contains(metrics, []byte(`polymoat_in_flight_bytes{state="working"} 7.340032e+06`)) {
			err = errors.New("there is room")
		}
		return err
	})
	return leave
}

// placed says why a run is not placed: it was refused, or nobody was asked.
func placed(t *testing.T) error {
	t.Helper()
	pod, err := e2e.Train()
	must(t, err)
	pod.ObjectMeta = metav1.ObjectMeta{GenerateName: "train-", Namespace: pod.Namespace, Labels: pod.Labels}
	if err := as(t, cluster.Tenant).Create(t.Context(), pod, client.DryRunAll); err != nil {
		return err
	}
	if pod.Spec.NodeSelector["polyaxon"] != "experiments" {
		return errors.New("it was taken, and not placed")
	}
	return nil
}

// awaitPlaced waits until the API server sends pods to the replicas: it hears of a new configuration a moment later.
func awaitPlaced(t *testing.T) {
	t.Helper()
	await(t, "a run that is placed", func() error { return placed(t) })
}
