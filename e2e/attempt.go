package e2e

import (
	"context"
	"fmt"
	"path"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Attempt is a pod that must be refused.
type Attempt struct {
	Name string
	// Try says what is tried: "a job that selects core nodes and tolerates their taint".
	Try  string
	File string // where its YAML lies, from the repository's root
	Pod  *unstructured.Unstructured
	// Want is what its author reads, as the API server says it.
	Want string
}

// Attempts are those of testdata/attempts, sorted by name.
func Attempts() ([]Attempt, error) {
	documents, err := readDocuments("attempts")
	if err != nil {
		return nil, err
	}
	var attempts []Attempt
	for _, d := range documents {
		want, err := testdata.ReadFile(path.Join("testdata", "attempts", d.name+".txt"))
		if err != nil {
			return nil, fmt.Errorf("every attempt needs the sentence that refuses it: %w", err)
		}
		attempts = append(attempts, Attempt{
			Name: d.name, Try: d.prose, File: "e2e/testdata/attempts/" + d.name + ".yaml",
			Pod: d.object, Want: strings.TrimSuffix(string(want), "\n"),
		})
	}
	return attempts, nil
}

// Make creates the pod and returns the API server's answer: nil when it was taken.
func (a Attempt) Make(ctx context.Context, c client.Client, options ...client.CreateOption) error {
	return c.Create(ctx, a.Pod.DeepCopy(), options...)
}
