package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/polymoat/polymoat/internal/doctor"
	"github.com/polymoat/polymoat/internal/drift"
)

// one reads an object of the core group by its name. One that is not there is none of the facts.
func (r reader) one(ctx context.Context, is doctor.Resource, resource, namespace, name string, into runtime.Object) error {
	err := r.Get(ctx, corev1.SchemeGroupVersion, resource, namespace, name, into)
	if err == nil {
		r.facts.Add(into)
	}
	return r.note(is, err)
}

// certManager lists objects of cert-manager, which our own scheme does not know. A cluster without it has none.
func certManager(ctx context.Context, r reader, is doctor.Resource, resource string, into runtime.Object) error {
	client, err := r.Client(certmanagerv1.SchemeGroupVersion)
	if err != nil {
		return err
	}
	raw, err := client.Get().Namespace(r.facts.Deployment.Namespace).Resource(resource).SetHeader("Accept", "application/json").Do(ctx).Raw()
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
		return r.note(is, err)
	}
	if err != nil {
		return fmt.Errorf("list %s: %w", is, err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("list %s: %w", is, err)
	}
	return meta.EachListItem(into, func(o runtime.Object) error {
		r.facts.Add(o)
		return nil
	})
}

// groups reads what starts nodes, where Karpenter or the Cluster API are installed.
func (r reader) groups(ctx context.Context) error {
	for _, of := range foreign {
		if of.is == "" {
			continue
		}
		objects, err := r.Listed(ctx, of.resource, of.versions)
		if err := r.note(of.is, err); err != nil {
			return err
		}
		for _, raw := range objects {
			g, _, err := drift.GroupOf(raw)
			if err != nil {
				return err
			}
			r.facts.Groups = append(r.facts.Groups, g)
		}
	}
	return nil
}

// senders asks each replica, through the API server, from where reviews came. It is nil where none answers: nothing but the
// words of a finding depends on it.
func (r reader) senders(ctx context.Context) map[netip.Addr]int {
	client, err := r.Client(corev1.SchemeGroupVersion)
	if err != nil || r.facts.Deployment == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var all map[netip.Addr]int
	for _, pod := range doctor.Replicas(r.facts) {
		name := fmt.Sprintf("http:%s:%d", pod.Name, probePort(pod))
		raw, err := client.Get().Namespace(pod.Namespace).Resource("pods").Name(name).SubResource("proxy").Suffix("senders").Do(ctx).Raw()
		found := map[netip.Addr]int{}
		if err != nil || json.Unmarshal(raw, &found) != nil {
			continue
		}
		if all == nil {
			all = map[netip.Addr]int{}
		}
		for address, reviews := range found {
			all[address.WithZone("")] += reviews
		}
	}
	return all
}

// probePort is the port with that name; 8081 where there is none.
func probePort(pod *corev1.Pod) int32 {
	for _, c := range pod.Spec.Containers {
		for _, p := range c.Ports {
			if p.Name == "probes" {
				return p.ContainerPort
			}
		}
	}
	return 8081
}

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
