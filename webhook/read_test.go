package webhook

import (
	"bytes"
	"encoding/json"
	"flag"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/corpus"
	"github.com/polymoat/polymoat/internal/skim"
	"github.com/polymoat/polymoat/internal/skim/skimtest"
)

// pair answers reviews twice: read the quick way, and typed by sigs.k8s.io/json, whose word counts.
type pair struct {
	decider     *decider
	quick, slow map[string]http.Handler
}

// newPair serves a policy twice. decode is what is held against the typed way.
func newPair(t testing.TB, d *decider, decode decodes) *pair {
	t.Helper()
	log, m := slog.New(slog.DiscardHandler), newMetrics(nil)
	p := &pair{d, map[string]http.Handler{}, map[string]http.Handler{}}
	for path, decide := range map[string]decides{"/mutate": d.mutate, "/validate": d.validate} {
		p.quick[path] = newReviewer(path, decode, decide, m, log)
		p.slow[path] = newReviewer(path, typed, decide, m, log)
	}
	return p
}

// typed is the slow way.
var typed decodes = decode

// disagree says on what the two ways disagree; empty if they do not.
func (p *pair) disagree(t testing.TB, body []byte) string {
	t.Helper()
	for _, path := range []string{"/mutate", "/validate"} {
		quick, slow := send(t, p.quick[path], path, "application/json", body), send(t, p.slow[path], path, "application/json", body)
		if quick.Code != slow.Code || !bytes.Equal(quick.Body.Bytes(), slow.Body.Bytes()) {
			return path + " answers " + quick.Body.String() + ", and typed " + slow.Body.String()
		}
	}
	return ""
}

// seeds are the corpus as reviews: creations, updates, and in a namespace that is not governed.
func seeds(t testing.TB) (bodies [][]byte, d *decider) {
	t.Helper()
	policies, err := LoadPolicies("")
	if err != nil {
		t.Fatal(err)
	}
	cases, err := corpus.Cases()
	if err != nil {
		t.Fatal(err)
	}
	bodies = append(bodies, benchmarkReview(t))
	for _, tc := range cases {
		bodies = append(bodies, corpusReview(t, tc))
	}
	for _, body := range bodies {
		update := bytes.Replace(body, []byte(`"CREATE"`), []byte(`"UPDATE"`), 1)
		update = bytes.Replace(update, []byte(`"oldObject":null`), append([]byte(`"oldObject":`), objectOf(t, body)...), 1)
		bodies = append(bodies, update, bytes.Replace(body, []byte(`"namespace":"polyaxon"`), []byte(`"namespace":"elsewhere"`), 1))
	}
	return bodies, &decider{policy: policies.compiled, log: slog.New(slog.DiscardHandler), today: utcToday}
}

// FuzzFast: whatever comes, the quick way and the typed one give the same answer, byte for byte.
func FuzzFast(f *testing.F) {
	bodies, d := seeds(f)
	p := newPair(f, d, d.decode)
	for i := range 10 { // one for each kind of change: the bodies are told by number, and TestMostReviewsAreQuick reads them all
		f.Add(uint16(40*i), []byte{byte(i), byte(i), byte(7 * i), byte(i)})
	}
	f.Fuzz(func(t *testing.T, seed uint16, program []byte) {
		body := skimtest.Mutate(bodies[int(seed)%len(bodies)], program)
		if why := p.disagree(t, body); why != "" {
			t.Fatalf("%s: %s", body, why)
		}
	})
}

// search looks for a disagreement in reviews that are changed by chance, and returns after how many it found one.
func (p *pair) search(t testing.TB, bodies [][]byte, most int) (body []byte, why string, n int) {
	chance := rand.NewChaCha8([32]byte{})
	for n = 1; n <= most; n++ {
		program := make([]byte, 4*(1+n%3))
		_, _ = chance.Read(program)
		body = skimtest.Mutate(bodies[n%len(bodies)], program)
		if why = p.disagree(t, body); why != "" {
			return body, why, n
		}
	}
	return nil, "", n
}

// reviews is for a longer search than a test has time for: -run TestFastAgrees -reviews 1000000.
var reviews = flag.Int("reviews", 5_000, "how many reviews TestFastAgrees changes")

// TestFastAgrees is FuzzFast by chance, for every run of the tests.
func TestFastAgrees(t *testing.T) {
	bodies, d := seeds(t)
	if body, why, n := newPair(t, d, d.decode).search(t, bodies, *reviews); why != "" {
		t.Errorf("after %d reviews: %s: %s", n, body, why)
	}
}

// TestPlantedDisagreements: what is searched like that would be found.
func TestPlantedDisagreements(t *testing.T) {
	bodies, d := seeds(t)
	for name, planted := range map[string]decodes{
		"a field that decides is not read": reading(skim.Of[review](skim.Fields{Of: corev1.PodSpec{}, Names: []string{"hostPID"}})),
		"names in any case":                folding,
		"what does not decode is passed over": func(body []byte) (*request, *fault) {
			r, f := typed(body)
			if r != nil {
				r.undecoded = nil
			}
			return r, f
		},
		"the outside is not looked at": func(body []byte) (*request, *fault) {
			if bytes.Contains(body, []byte(`"namespace":"elsewhere"`)) {
				return &request{UID: "u-1", Namespace: "elsewhere", Operation: "CREATE", Object: &object{}}, nil
			}
			return typed(body)
		},
	} {
		t.Run(name, func(t *testing.T) {
			const most = 20_000
			_, why, n := newPair(t, d, planted).search(t, bodies, most)
			if why == "" {
				t.Fatalf("not found in %d reviews", most)
			}
			t.Logf("found after %d reviews", n)
		})
	}
}

// reading reads with a shape, and what it is not sure of typed.
func reading(shape *skim.Shape[review]) decodes {
	return func(body []byte) (*request, *fault) {
		var r review
		if shape.Read(body, &r) && r.TypeMeta == reviewKind && r.Request != nil && r.Request.UID != "" {
			return r.Request, nil
		}
		return typed(body)
	}
}

// folding reads as encoding/json does, which takes "SPEC" for "spec".
func folding(body []byte) (*request, *fault) {
	var r review
	if err := json.Unmarshal(body, &r); err != nil || r.TypeMeta != reviewKind || r.Request == nil || r.Request.UID == "" {
		return typed(body)
	}
	return r.Request, nil
}

// TestMostReviewsAreQuick: the corpus is read without asking sigs.k8s.io/json, as far as decisions need it.
func TestMostReviewsAreQuick(t *testing.T) {
	bodies, d := seeds(t)
	for _, body := range bodies {
		r, f := decode(body)
		if f != nil {
			t.Fatal(f.text)
		}
		shape := created
		if !d.policy.Governs(r.Namespace) {
			shape = outside
		} else if r.Operation != "CREATE" {
			shape = whole
		}
		var read, all review
		if !shape.Read(body, &read) || !d.suffices(shape, &read) {
			t.Errorf("not read: %s", body)
		}
		if !whole.Read(body, &all) || !reflect.DeepEqual(all.Request, r) {
			t.Errorf("read otherwise than typed: %s", body)
		}
	}
}
