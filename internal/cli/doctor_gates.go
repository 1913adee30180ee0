package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/doctor"
)

// evictors reads which objects the API server serves by which pods are evicted, and which feature gates it tells of in
// its metrics. Whoever may not read those is told of the objects alone.
func (r reader) evictors(ctx context.Context) error {
	for _, group := range doctor.EvictingGroups {
		var served metav1.APIGroup
		if err := r.raw(ctx, "/apis/"+group, &served); err != nil {
			return err
		}
		for _, version := range served.Versions {
			var list metav1.APIResourceList
			if err := r.raw(ctx, "/apis/"+version.GroupVersion, &list); err != nil {
				return err
			}
			for _, resource := range list.APIResources {
				r.facts.Serves(resource.Name + "." + group)
			}
		}
	}
	text, err := r.text(ctx, "/metrics")
	if err == nil {
		r.facts.Gates = openGates(text)
	}
	return nil
}

// raw decodes what the API server answers at a path; what is not there stays empty.
func (r reader) raw(ctx context.Context, path string, into any) error {
	text, err := r.text(ctx, path)
	switch {
	case apierrors.IsNotFound(err) || apierrors.IsForbidden(err):
		return nil
	case err == nil:
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("ask for %s: %w", path, err)
	}
	return nil
}

func (r reader) text(ctx context.Context, path string) ([]byte, error) {
	client, err := r.Client(corev1.SchemeGroupVersion)
	if err != nil {
		return nil, err
	}
	return client.Get().AbsPath(path).SetHeader("Accept", "application/json, text/plain").Do(ctx).Raw()
}

// openGates are the feature gates of groups of pods that the metrics of an API server say are open.
func openGates(metrics []byte) []string {
	var open []string
	for lines := bufio.NewScanner(bytes.NewReader(metrics)); lines.Scan(); {
		rest, ok := strings.CutPrefix(lines.Text(), `kubernetes_feature_enabled{name="`)
		name, value, _ := strings.Cut(rest, `"`)
		if ok && strings.HasSuffix(value, " 1") && slices.Contains(doctor.GroupGates, name) {
			open = append(open, name)
		}
	}
	slices.Sort(open)
	return open
}
