package native_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

var (
	policies = flag.Uint64("twin.policies", 8, "random policies; make native tries 200")
	requests = flag.Uint64("twin.requests", 150, "random requests for each; make native tries 500")
	seed     = flag.Uint64("twin.seed", 0, "the seed of the first policy; each later one has the next number")
)

// found is the folder of the random cases that showed a difference.
const found = "testdata/found"

// TestRandom: random policies, pods and users come out of the twin as they do of the webhook, or stricter for a reason that
// is listed. A case that does not is written to a file, which TestFound tries again.
func TestRandom(t *testing.T) {
	for n := *seed; n < *seed+*policies; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			doc := randomPolicy(rand.New(rand.NewPCG(n, 7)))
			p := pairOf(t, doc)
			for i := range *requests {
				r := randomRequest(rand.New(rand.NewPCG(n, 1000+i)), doc)
				p.compare(t, r)
				if t.Failed() {
					file := fmt.Sprintf("%s/%d-%d.json", found, n, i)
					caseOf(doc, r).write(t, file)
					t.Fatalf("request %d, by %q: written to %s", i, r.User, file)
				}
			}
		})
	}
}

// TestFound: what random cases found once does not come back.
func TestFound(t *testing.T) {
	files, err := filepath.Glob(found + "/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			tried := readCase(t, file)
			pairOf(t, tried.Policy).compare(t, tried.request())
		})
	}
}

// TestFiles: a case is the same after it was written and read.
func TestFiles(t *testing.T) {
	for n := range uint64(20) {
		doc := randomPolicy(rand.New(rand.NewPCG(n, 7)))
		want := caseOf(doc, randomRequest(rand.New(rand.NewPCG(n, 1000)), doc))
		file := filepath.Join(t.TempDir(), "case.json")
		want.write(t, file)
		if diff := cmp.Diff(want, readCase(t, file), cmpopts.EquateEmpty(), cmpopts.IgnoreFields(v1alpha1.PlacementPolicy{}, "Hash", "Doubts")); diff != "" {
			t.Fatalf("case %d (-written +read)\n%s", n, diff)
		}
	}
}

// randomCase is a policy and what a random request says.
type randomCase struct {
	Policy                 *v1alpha1.PlacementPolicy
	Namespace, Subresource string
	User                   policy.UserInfo
	Trust                  policy.Trust
	Pod, Old               *corev1.Pod
}

func caseOf(doc *v1alpha1.PlacementPolicy, r policy.Request) randomCase {
	return randomCase{doc, r.Namespace, r.Subresource, r.User, r.Trust, r.Pod, r.Old}
}

func (c randomCase) request() policy.Request {
	return policy.Request{Namespace: c.Namespace, Subresource: c.Subresource, User: c.User, Trust: c.Trust, Pod: c.Pod, Old: c.Old}
}

func (c randomCase) write(t *testing.T, file string) {
	t.Helper()
	text, err := json.MarshalIndent(c, "", "  ")
	if err := errors.Join(err, os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, text, 0o644)); err != nil {
		t.Fatal(err)
	}
}

func readCase(t *testing.T, file string) randomCase {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var c randomCase
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	if text, err = json.Marshal(c.Policy); err != nil {
		t.Fatal(err)
	}
	if c.Policy, err = v1alpha1.Load(file, text); err != nil {
		t.Fatal(err)
	}
	return c
}
