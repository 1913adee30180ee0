package soak_test

import (
	"errors"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e"
	"github.com/polymoat/polymoat/e2e/cluster"
)

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
