package failure_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// inventory are the names of all objects of the cluster, of every kind that can be listed. Events go by themselves, and
// are about what has been, and core's PriorityClass stays when the chart is uninstalled: workloads may name it.
func inventory(t *testing.T) []string {
	t.Helper()
	admin, names := as(t, cluster.Admin), []string{}
	for _, kind := range kinds(t) {
		list := &metav1.PartialObjectMetadataList{TypeMeta: kind}
		must(t, admin.List(t.Context(), list))
		for _, object := range list.Items {
			names = append(names, fmt.Sprintf("%s %s", kind.Kind, client.ObjectKeyFromObject(&object)))
		}
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "PriorityClass /polyaxon-core" })
}

// kinds are all kinds of the cluster that can be listed.
func kinds(t *testing.T) []metav1.TypeMeta {
	t.Helper()
	d, err := discovery.NewDiscoveryClientForConfig(control.As(cluster.Admin))
	must(t, err)
	lists, err := d.ServerPreferredResources()
	must(t, err)
	var kinds []metav1.TypeMeta
	for _, list := range lists {
		for _, resource := range list.APIResources {
			if slices.Contains(resource.Verbs, "list") && !strings.Contains(resource.Name, "/") && resource.Kind != "Event" {
				kinds = append(kinds, metav1.TypeMeta{APIVersion: list.GroupVersion, Kind: resource.Kind})
			}
		}
	}
	if len(kinds) < 50 {
		t.Errorf("only %d kinds were looked at", len(kinds))
	}
	return kinds
}

// nothingLeft waits until there is what there was before, and nothing else: controllers take a moment.
func nothingLeft(t *testing.T, before []string) {
	t.Helper()
	await(t, "the end of what was installed", func() error {
		if diff := cmp.Diff(before, inventory(t)); diff != "" {
			return fmt.Errorf("objects (-before +after):\n%s", diff)
		}
		return nil
	})
}
