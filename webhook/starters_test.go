package webhook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// starters is who competes.
func starters(b *testing.B) []*contender {
	b.Helper()
	small, big := benchmarkReview(b), bigReview(b, benchmarkReview(b))
	against := func(kind, path string, body []byte) *contender { return &contender{kind: kind, path: path, body: body} }
	floor, bigFloor := against("floor", "/", small), against("floor", "/", big)
	list := []*contender{
		floor.named("floor: net/http, reads the uid", floor),
		against("controller-runtime", "/", small).named("controller-runtime, does nothing", floor),
		against("polymoat", "/mutate", small).named("polymoat mutate", floor),
		against("polymoat", "/validate", placedReview(b, small)).named("polymoat validate", floor),
		against("polymoat", "/mutate", elsewhere(small)).named("polymoat mutate, out of scope", floor),
		against("polymoat", "/validate", elsewhere(small)).named("polymoat validate, out of scope", floor),
		against("polymoat", "/validate", small).named("polymoat validate, refused", floor),
		bigFloor.named("floor, 30 containers", bigFloor),
		against("controller-runtime", "/", big).named("controller-runtime, 30 containers", bigFloor),
		against("polymoat", "/mutate", big).named("polymoat mutate, 30 containers", bigFloor),
		against("polymoat", "/validate", placedReview(b, big)).named("polymoat validate, 30 containers", bigFloor),
	}
	list[6].refused = true
	return list
}

// elsewhere is the review in a namespace that is not governed.
func elsewhere(raw []byte) []byte {
	return bytes.Replace(raw, []byte(`"namespace":"polyaxon"`), []byte(`"namespace":"elsewher"`), 1)
}

// bigReview is a pod of 30 containers and 60 KB.
func bigReview(t testing.TB, raw []byte) []byte {
	t.Helper()
	var pod corev1.Pod
	if err := json.Unmarshal(objectOf(t, raw), &pod); err != nil {
		t.Fatal(err)
	}
	main := pod.Spec.Containers[0]
	for i := range 29 {
		c := *main.DeepCopy()
		c.Name = fmt.Sprintf("worker-%d", i)
		for j := range 12 {
			c.Env = append(c.Env, corev1.EnvVar{Name: fmt.Sprintf("SETTING_%d", j), Value: "http://polyaxon-polyaxon-gateway:80/a/setting"})
		}
		pod.Spec.Containers = append(pod.Spec.Containers, c)
	}
	object, err := json.Marshal(&pod)
	if err != nil {
		t.Fatal(err)
	}
	big := withObject(t, raw, object)
	if len(big) < 58_000 || len(big) > 65_000 {
		t.Fatalf("the big review is of %d bytes, not 60 KB", len(big))
	}
	return big
}
