package bench_test

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// asked is a pod, and who asks for it. NAMESPACE in the user's name is the namespace of whoever admits the pod.
type asked struct {
	name, user string
	pod        []byte
}

// by is the contender as that user meets it.
func (a asked) by(c *contender) *contender {
	asking := *c
	if a.user == cluster.Admin { // who is more than a name: a group makes the administrator
		return &asking
	}
	asking.user = strings.ReplaceAll(a.user, "NAMESPACE", c.namespace)
	return &asking
}

// readAsked reads pods from testdata; tenant asks for those that name nobody.
func readAsked(b *testing.B, file string) []asked {
	b.Helper()
	var list []asked
	for _, object := range readObjects(b, file) {
		user, found, err := unstructured.NestedString(object.Object, "as")
		if err != nil {
			b.Fatalf("%s: %v", file, err)
		}
		if !found {
			user = cluster.Tenant
		}
		raw, err := json.Marshal(object.Object["pod"])
		if err != nil {
			b.Fatalf("%s: %v", file, err)
		}
		pod := &corev1.Pod{}
		if err := json.Unmarshal(raw, pod); err != nil {
			b.Fatalf("%s: %v", file, err)
		}
		list = append(list, asked{cmp.Or(pod.Name, pod.GenerateName), user, raw})
	}
	return list
}

// readObjects reads the objects of a file of testdata.
func readObjects(b *testing.B, file string) []*unstructured.Unstructured {
	b.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		b.Fatal(err)
	}
	objects, err := cluster.Decode(string(text))
	if err != nil {
		b.Fatal(err)
	}
	return objects
}

// holdAlike holds that polymoat and the contender admit the same pods of all roles, and with the same spec, but for the
// priority of core, which the native twin does not set.
func holdAlike(b *testing.B, ours, c *contender) {
	b.Helper()
	but := cmpopts.IgnoreFields(corev1.PodSpec{}, "PriorityClassName", "Priority")
	for _, a := range readAsked(b, "admitted.yaml") {
		want, err := a.by(ours).admitted(b.Context(), a.pod)
		if err != nil {
			b.Fatalf("%s refuses %s: %v", ours.name, a.name, err)
		}
		got, err := a.by(c).admitted(b.Context(), a.pod)
		if err != nil {
			b.Fatalf("%s refuses %s: %v", c.name, a.name, err)
		}
		if diff := gocmp.Diff(want.Spec, got.Spec, but); diff != "" {
			b.Fatalf("%s is placed otherwise (-%s +%s):\n%s", a.name, ours.name, c.name, diff)
		}
	}
}

// holdStrict holds that the contenders refuse other pods, which the API server itself takes.
func holdStrict(b *testing.B, bare *contender, contenders ...*contender) {
	b.Helper()
	for _, a := range readAsked(b, "refused.yaml") {
		if _, err := a.by(bare).create(b.Context(), a.pod); err != nil {
			b.Errorf("the API server itself refuses %s: %v", a.name, err)
		}
		for _, c := range contenders {
			if _, err := a.by(c).create(b.Context(), a.pod); !c.refused(err) {
				b.Errorf("%s does not refuse %s: %v", c.name, a.name, err)
			}
		}
	}
}
