package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
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
