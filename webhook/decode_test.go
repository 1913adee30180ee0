package webhook

import (
	"encoding/json"
	"flag"
	"math/rand/v2"
	"reflect"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	admissionv1 "k8s.io/api/admission/v1"
	utiljson "sigs.k8s.io/json"

	"github.com/polymoat/polymoat/internal/corpus"
)

// reader reads a review and its objects.
type reader func(body []byte) (parsed, error)

// parsed is a review with its objects.
type parsed struct {
	review      admissionv1.AdmissionReview
	object, old object
}

// readBy reads with a decoder.
func readBy(decoder func([]byte, any) error) reader {
	return func(body []byte) (p parsed, err error) {
		if err := decoder(body, &p.review); err != nil || p.review.Request == nil {
			return p, err
		}
		for raw, o := range map[string]*object{string(p.review.Request.Object.Raw): &p.object, string(p.review.Request.OldObject.Raw): &p.old} {
			if raw == "" {
				continue
			}
			if err := decoder([]byte(raw), o); err != nil {
				return p, err
			}
		}
		return p, nil
	}
}

var (
	// typed is how an API server reads: its word counts.
	typed = readBy(utiljson.UnmarshalCaseSensitivePreserveInts)
	// quick is how most reviews are read.
	quick = readBy(func(data []byte, into any) error { return jsonv2.Unmarshal(data, into) })
)

// disagree says whether a reader takes what the typed way reads otherwise, or not at all.
func disagree(read reader, body []byte) bool {
	got, err := read(body)
	if err != nil {
		return false // the typed way is asked then
	}
	want, err := typed(body)
	return err != nil || !reflect.DeepEqual(got, want)
}

// seeds are the corpus as reviews: creations, and updates.
func seeds(t testing.TB) (bodies [][]byte) {
	t.Helper()
	cases, err := corpus.Cases()
	if err != nil {
		t.Fatal(err)
	}
	bodies = append(bodies, benchmarkReview(t))
	for _, tc := range cases {
		bodies = append(bodies, corpusReview(t, tc))
	}
	for _, body := range bodies {
		bodies = append(bodies, applyPatch(t, body, []byte(`[{"op":"replace","path":"/request/operation","value":"UPDATE"},`+
			`{"op":"add","path":"/request/oldObject","value":`+string(objectOf(t, body))+`}]`)))
	}
	return bodies
}

// FuzzDecode: whatever comes, what encoding/json/v2 takes means the same to sigs.k8s.io/json.
func FuzzDecode(f *testing.F) {
	bodies := seeds(f)
	for i := range 10 { // one for each kind of change
		f.Add(uint16(40*i), []byte{byte(i), byte(i), byte(7 * i), byte(i)})
	}
	f.Fuzz(func(t *testing.T, seed uint16, program []byte) {
		if body := oddly(bodies[int(seed)%len(bodies)], program); disagree(quick, body) {
			t.Fatalf("%s", body)
		}
	})
}

// search looks for a disagreement in reviews that are changed by chance, and returns after how many it found one.
func search(read reader, bodies [][]byte, most int) (body []byte, n int) {
	chance := rand.NewChaCha8([32]byte{})
	for n = 1; n <= most; n++ {
		program := make([]byte, 4*(1+n%3))
		_, _ = chance.Read(program)
		if body = oddly(bodies[n%len(bodies)], program); disagree(read, body) {
			return body, n
		}
	}
	return nil, n
}

// reviewsToTry is for a longer search than a test has time for: -run TestDecode -reviews 1000000.
var reviewsToTry = flag.Int("reviews", 20_000, "how many reviews TestDecode changes")

// TestDecode is FuzzDecode by chance, for every run of the tests.
func TestDecode(t *testing.T) {
	if body, n := search(quick, seeds(t), *reviewsToTry); body != nil {
		t.Errorf("after %d reviews: %s", n, body)
	}
}

// TestPlantedDisagreements: what is searched like that would be found.
func TestPlantedDisagreements(t *testing.T) {
	bodies := seeds(t)
	for name, planted := range map[string]reader{
		"a field that decides is not read": func(body []byte) (parsed, error) {
			p, err := quick(body)
			p.object.Spec.HostPID = false
			return p, err
		},
		"names in any case": readBy(json.Unmarshal),
		"what is there twice": readBy(func(data []byte, into any) error {
			return jsonv2.Unmarshal(data, into, jsontext.AllowDuplicateNames(true))
		}),
	} {
		t.Run(name, func(t *testing.T) {
			const most = 50_000
			body, n := search(planted, bodies, most)
			if body == nil {
				t.Fatalf("not found in %d reviews", most)
			}
			t.Logf("found after %d reviews", n)
		})
	}
}

// TestMostReviewsAreQuick: the corpus is read without asking sigs.k8s.io/json.
func TestMostReviewsAreQuick(t *testing.T) {
	for _, body := range seeds(t) {
		if _, err := quick(body); err != nil {
			t.Errorf("%v: %s", err, body)
		}
	}
}
