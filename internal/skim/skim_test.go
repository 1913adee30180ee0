package skim_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/json"

	"github.com/polymoat/polymoat/internal/skim"
	"github.com/polymoat/polymoat/internal/skim/skimtest"
)

var (
	pods     = skim.Of[corev1.Pod]()
	decisive = skim.Of[corev1.Pod](unread, skim.Fields{Of: metav1.ObjectMeta{}, Names: []string{"managedFields"}})
	unread   = skim.Fields{Of: corev1.Container{}, Names: []string{"env", "resources", "volumeMounts"}}
	forget   = func(c *corev1.Container) {
		c.Env, c.VolumeMounts, c.Resources = nil, nil, corev1.ResourceRequirements{}
	}
	forgetAll = func(pod *corev1.Pod) {
		pod.ManagedFields = nil
		for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
			for i := range list {
				forget(&list[i])
			}
		}
	}
)

// compare holds Read against sigs.k8s.io/json: it is not sure, or they agree, in every field and that there is no error.
// What is not read can only make it surer.
func compare(t *testing.T, raw []byte) (sure bool) {
	t.Helper()
	var want, got, part corev1.Pod
	err := json.UnmarshalCaseSensitivePreserveInts(raw, &want)
	sure = pods.Read(raw, &got)
	surer := decisive.Read(raw, &part)
	compareBorrowed(t, raw, got, sure)
	if sure && !surer || surer && err != nil {
		t.Fatalf("read whole: %v, in part: %v, in spite of %v: %q", sure, surer, err, raw)
	}
	if sure && !reflect.DeepEqual(want, got) {
		t.Fatalf("%q (-want +got):\n%s", raw, cmp.Diff(want, got))
	}
	forgetAll(&want)
	if surer && !reflect.DeepEqual(want, part) {
		t.Fatalf("in part: %q (-want +got):\n%s", raw, cmp.Diff(want, part))
	}
	return sure
}

// compareBorrowed holds that what is borrowed is what is read, whatever was in the memory before.
func compareBorrowed(t *testing.T, raw []byte, want corev1.Pod, sure bool) {
	t.Helper()
	var got corev1.Pod
	memory, ok := pods.Borrow(raw, &got)
	if ok != sure {
		t.Fatalf("borrowed: %v, read: %v: %q", ok, sure, raw)
	}
	if !ok {
		return
	}
	if !reflect.DeepEqual(want, got) {
		t.Fatalf("%q (-read +borrowed):\n%s", raw, cmp.Diff(want, got))
	}
	memory.Return()
}

// FuzzRead: whatever is read agrees with sigs.k8s.io/json.
func FuzzRead(f *testing.F) {
	raw := podJSON(f)
	f.Add([]byte{})
	f.Add([]byte{0, 1, 2, 3})
	f.Fuzz(func(t *testing.T, program []byte) { compare(t, skimtest.Mutate(raw, program)) })
}

// TestReadAgrees: the same, for changes of chance, most of which leave nothing to be unsure of.
func TestReadAgrees(t *testing.T) {
	raw, chance := podJSON(t), rand.NewChaCha8([32]byte{7})
	const rounds = 10_000
	sure := 0
	for range rounds {
		program := make([]byte, 8)
		_, _ = chance.Read(program)
		if compare(t, skimtest.Mutate(raw, program)) {
			sure++
		}
	}
	if sure < rounds/10 || sure > rounds*4/5 {
		t.Errorf("sure of %d of %d texts: the changes are too wild or too tame", sure, rounds)
	}
}

// TestReadIsSure names what is read without asking, and what is not.
func TestReadIsSure(t *testing.T) {
	for raw, want := range map[string]bool{
		`{}`:                                   true,
		` {"spec" : {} } `:                     true,
		`null`:                                 true,
		`{"spec":null,"status":null}`:          true,
		`{"spec":{"containers":[]}}`:           true,
		`{"spec":{"containers":[null]}}`:       true,
		`{"spec":{"nodeSelector":{"a":"b"}}}`:  true,
		`{"SPEC":1}`:                           true, // unknown: names are told apart by case
		`{"\u0073pec":{"nodeName":"\u0061"}}`:  true,
		`{"spec":{"nodeName":"é"}}`:            true,
		`{"future":[{"a":1e9},"\ud800",true]}`: true,
		`{"metadata":{"creationTimestamp":"2026-01-01T00:00:00Z"}}`:                                       true,
		`{"spec":{"containers":[{"resources":{"limits":{"cpu":"0.5","memory":"1e9"}}}]}}`:                 true,
		`{"spec":{"containers":[{"livenessProbe":{"httpGet":{"port":80}}}]}}`:                             true,
		`{"metadata":{"managedFields":[{"time":"2026-01-01T00:00:00Z","fieldsV1":{"f:spec":{".":{}}}}]}}`: true,
		`{"metadata":{"managedFields":[{"fieldsV1":1},{"fieldsV1":null},{"fieldsV1":"x"}]}}`:              true,
		`{"metadata":{"managedFields":[{"time":"today"}]}}`:                                               false,
		``:                           false,
		`{}}`:                        false,
		`{"spec":{},"spec":{}}`:      false,
		`{"spec":{},"\u0073pec":{}}`: false,
		`{"spec":[]}`:                false,
		`{"spec":{"priority":1.0}}`:  false,
		`{"spec":{"priority":"1"}}`:  false,
		`{"spec":{"priority":1e1}}`:  false,
		`{"spec":{"priority":1` + strings.Repeat("0", 12) + `}}`:                 false,
		`{"spec":{"nodeName":1}}`:                                                false,
		`{"spec":{"nodeName":"\ud800"}}`:                                         false,
		"{\"spec\":{\"nodeName\":\"\xff\"}}":                                     false,
		`{"spec":{"nodeSelector":{"a":null}}}`:                                   false,
		`{"spec":{"nodeSelector":{"a":"b","a":"b"}}}`:                            false,
		`{"spec":{"hostNetwork":0}}`:                                             false,
		`{"spec":{"containers":{}}}`:                                             false,
		`{"metadata":{"creationTimestamp":"today"}}`:                             false,
		`{"spec":{"containers":[{"resources":{"limits":{"cpu":"1x"}}}]}}`:        false,
		`{"future":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`: false,
		`{"future":01}`:       false,
		`{"future":"\x"}`:     false,
		"{\"future\":\"\n\"}": false,
	} {
		if got := compare(t, []byte(raw)); got != want {
			t.Errorf("%s: sure is %v, want %v", raw, got, want)
		}
	}
}

// TestReadIsBounded: what would take more memory than Most is left to others, whatever it is made of.
func TestReadIsBounded(t *testing.T) {
	for name, text := range map[string]func(n int) string{
		"empty containers": func(n int) string { return `{"spec":{"containers":[` + strings.Repeat("{},", n) + `{}]}}` },
		"nothing":          func(n int) string { return `{"spec":{"volumes":[` + strings.Repeat("null,", n) + `null]}}` },
		"pointers": func(n int) string {
			return `{"spec":{"containers":[` + strings.Repeat(`{"securityContext":{}},`, n) + `{}]}}`
		},
		"short tolerations": func(n int) string {
			return `{"spec":{"tolerations":[` + strings.Repeat(`{"key":"a"},`, n*9/10) + `{}]}}`
		},
		"small labels": func(n int) string {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, `"%x":"",`, i)
			}
			return `{"metadata":{"labels":{` + b.String() + `"a label":""}}}`
		},
	} {
		for n, want := range map[int]bool{10: true, 1 << 18: false} {
			var pod corev1.Pod
			if got := pods.Read([]byte(text(n)), &pod); got != want {
				t.Errorf("%d of %s: sure is %v, want %v", n, name, got, want)
			}
		}
	}
	for length, want := range map[int]int{0: 64 << 10, 1000: 64<<10 + 8000, 1 << 30: 16 << 20} {
		if got := skim.Most(length); got != want {
			t.Errorf("Most(%d) is %d, want %d", length, got, want)
		}
	}
}

// TestReadEveryByte: every byte is told at every place of a string, whatever stands beside it.
func TestReadEveryByte(t *testing.T) {
	for _, beside := range []byte{'a', '!', '#', '[', ' ', 0x7f} {
		for c := range 256 {
			for at := range 17 {
				name := bytes.Repeat([]byte{beside}, 17)
				name[at] = byte(c)
				compare(t, fmt.Appendf(nil, `{"spec":{"nodeName":"%s"}}`, name))
			}
		}
	}
}

// TestReadSharesNothing: the text may be used again.
func TestReadSharesNothing(t *testing.T) {
	raw := []byte(`{"spec":{"nodeName":"a"}}`)
	var pod corev1.Pod
	if !pods.Read(raw, &pod) {
		t.Fatal("not read")
	}
	clear(raw)
	if pod.Spec.NodeName != "a" {
		t.Errorf("the node's name became %q", pod.Spec.NodeName)
	}
}

// TestBorrow: the second of two texts that are alike is where the first one was, and takes no more than its strings.
func TestBorrow(t *testing.T) {
	raw := []byte(`{"spec":{"containers":[{"name":"a"},{"name":"b"},{"name":"c"}],"tolerations":[{},{}],"affinity":{"nodeAffinity":{}}}}`)
	read := func() (at [3]unsafe.Pointer) {
		var pod corev1.Pod
		memory, ok := pods.Borrow(raw, &pod)
		if !ok {
			t.Fatal("not read")
		}
		defer memory.Return()
		if len(pod.Spec.Containers) != 3 || pod.Spec.Containers[2].Name != "c" || cap(pod.Spec.Tolerations) < 2 {
			t.Fatalf("read %v", pod.Spec)
		}
		return [3]unsafe.Pointer{unsafe.Pointer(&pod.Spec.Containers[0]), unsafe.Pointer(&pod.Spec.Tolerations[0]), unsafe.Pointer(&pod.Spec.Containers[2])}
	}
	seen := map[[3]unsafe.Pointer]bool{}
	for range 100 { // a pool may lose some, and with the race detector it does
		seen[read()] = true
	}
	if len(seen) > 80 {
		t.Errorf("a hundred texts were at %d places", len(seen))
	}
}

// TestBorrowTwice: two texts at once are apart.
func TestBorrowTwice(t *testing.T) {
	var one, other corev1.Pod
	first, ok := pods.Borrow([]byte(`{"spec":{"containers":[{"name":"one"}]}}`), &one)
	second, okToo := pods.Borrow([]byte(`{"spec":{"containers":[{"name":"other"}]}}`), &other)
	if !ok || !okToo || one.Spec.Containers[0].Name != "one" || other.Spec.Containers[0].Name != "other" {
		t.Errorf("read %v and %v", one.Spec, other.Spec)
	}
	first.Return()
	if other.Spec.Containers[0].Name != "other" {
		t.Errorf("one text took %v of the other with it", other.Spec)
	}
	second.Return()
	(*skim.Memory)(nil).Return()
}

func TestOfPanics(t *testing.T) {
	for want, of := range map[string]func(){
		`skim: v1.Container has no field "environment"`: func() {
			skim.Of[corev1.Pod](skim.Fields{Of: corev1.Container{}, Names: []string{"environment"}})
		},
		"skim: chan int cannot be read": func() {
			skim.Of[struct {
				C chan int `json:"c"`
			}]()
		},
		"skim: []uint8 cannot be read": func() { skim.Of[corev1.Secret]() },
		"skim: struct { N int64 \"json:\\\"n,string\\\"\" } cannot be read": func() {
			skim.Of[struct {
				N int64 `json:"n,string"`
			}]()
		},
	} {
		func() {
			defer func() {
				if got := recover(); got != want {
					t.Errorf("panics with %v, want %s", got, want)
				}
			}()
			of()
		}()
	}
}

func BenchmarkRead(b *testing.B) {
	raw := podJSON(b)
	b.Run("borrowed", func(b *testing.B) {
		b.SetBytes(int64(len(raw)))
		b.ReportAllocs()
		for b.Loop() {
			var pod corev1.Pod
			memory, ok := decisive.Borrow(raw, &pod)
			if !ok {
				b.Fatal("not read")
			}
			memory.Return()
		}
	})
	b.Run("skim", func(b *testing.B) {
		b.SetBytes(int64(len(raw)))
		b.ReportAllocs()
		for b.Loop() {
			if pod := new(corev1.Pod); !decisive.Read(raw, pod) {
				b.Fatal("not read")
			}
		}
	})
	b.Run("sigs.k8s.io", func(b *testing.B) {
		b.SetBytes(int64(len(raw)))
		b.ReportAllocs()
		for b.Loop() {
			if err := json.UnmarshalCaseSensitivePreserveInts(raw, new(corev1.Pod)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func podJSON(t testing.TB) []byte {
	t.Helper()
	raw, err := os.ReadFile("testdata/pod.json")
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
