// Package patch says, in JSON Patch (RFC 6902), what was changed in a pod.
//
// A diff of the raw object against a marshalled one would delete every field that our version of k8s.io/api does not
// know. So both sides are typed, and only the fields that polymoat may touch are compared: spec.nodeSelector,
// spec.tolerations, spec.affinity, the security contexts of the pod and its containers, and what is appended to their env.
package patch

import (
	"errors"
	"reflect"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/plain"
)

// Text is the patch that turns the JSON that before was decoded from into after; nil where there is nothing to change. Its
// operations are in the order of the pod's fields, map keys sorted: the same change gives the same text. A field that is
// missing, null or empty in the JSON is the same to it. Neither pod is modified.
func Text(before, after *corev1.Pod) ([]byte, error) { return Append(nil, before, after) }

// Append is Text into the memory of text, whose own bytes are lost.
func Append(text []byte, before, after *corev1.Pod) ([]byte, error) {
	b, a := &before.Spec, &after.Spec
	if len(b.InitContainers) != len(a.InitContainers) || len(b.Containers) != len(a.Containers) ||
		len(b.EphemeralContainers) != len(a.EphemeralContainers) {
		return nil, errors.New("patch: containers were added or removed")
	}
	p := patch{text: text[:0]}
	p.diff("nodeSelector", nodeSelector, &b.NodeSelector, &a.NodeSelector)
	p.diff("tolerations", tolerations, &b.Tolerations, &a.Tolerations)
	p.diff("affinity", affinity, &b.Affinity, &a.Affinity)
	p.diff("securityContext", podSecurity, &b.SecurityContext, &a.SecurityContext)
	for i := range b.InitContainers {
		p.container("initContainers", i, b.InitContainers[i].SecurityContext, a.InitContainers[i].SecurityContext)
		p.env("initContainers", i, b.InitContainers[i].Env, a.InitContainers[i].Env)
	}
	for i := range b.Containers {
		p.container("containers", i, b.Containers[i].SecurityContext, a.Containers[i].SecurityContext)
		p.env("containers", i, b.Containers[i].Env, a.Containers[i].Env)
	}
	for i := range b.EphemeralContainers {
		p.container("ephemeralContainers", i, b.EphemeralContainers[i].SecurityContext, a.EphemeralContainers[i].SecurityContext)
	}
	if p.err != nil || len(p.text) == 0 {
		return nil, p.err
	}
	return append(p.text, ']'), nil
}

// patch is the operations so far, as text: "[" and what follows. It is empty before the first.
type patch struct {
	text []byte
	err  error
	at   [160]byte // room for pointers
}

// pointer is a JSON pointer. Those that begin with it share its memory, one at a time.
type pointer []byte

// to is the pointer to a member of known name.
func (at pointer) to(name string) pointer { return append(append(at, '/'), name...) }

func (at pointer) element(i int) pointer { return strconv.AppendInt(append(at, '/'), int64(i), 10) }

// spec is the pointer to the pod's spec.
func (p *patch) spec() pointer { return append(p.at[:0], "/spec"...) }

func (p *patch) diff(name string, s *shape, before, after any) {
	p.values("add", p.spec().to(name), s, reflect.ValueOf(before).Elem(), reflect.ValueOf(after).Elem())
}

// container compares security contexts. A pointer that was not copied cannot have changed.
func (p *patch) container(list string, i int, before, after *corev1.SecurityContext) {
	if before != after {
		p.values("add", p.spec().to(list).element(i).to("securityContext"), securityContext, reflect.ValueOf(before), reflect.ValueOf(after))
	}
}

// env appends the variables that came after those that were there. Nothing else becomes of them.
func (p *patch) env(list string, i int, before, after []corev1.EnvVar) {
	if len(after) <= len(before) {
		return
	}
	at := p.spec().to(list).element(i).to("env")
	if len(before) == 0 { // it may be missing
		p.set("add", at, envVars, reflect.ValueOf(after))
		return
	}
	for _, v := range after[len(before):] {
		p.set("add", at.to("-"), envVars.elem, reflect.ValueOf(v))
	}
}

// values compares two values of one type. set is the operation that gives the place a new value: "add" for a member of
// an object, which may not be there yet; "replace" for an element of a list, where "add" would insert.
func (p *patch) values(set string, at pointer, s *shape, before, after reflect.Value) {
	switch {
	case isAbsent(s, before) && isAbsent(s, after):
	case isAbsent(s, after):
		p.remove(at)
	case isAbsent(s, before):
		p.set(set, at, s, after)
	case s.kind == reflect.Pointer:
		p.values(set, at, s.elem, before.Elem(), after.Elem())
	case s.kind == reflect.Struct:
		p.structs(at, s, before, after)
	case s.kind == reflect.Map:
		p.maps(at, *before.Addr().Interface().(*map[string]string), *after.Addr().Interface().(*map[string]string))
	case s.kind == reflect.Slice:
		p.lists(at, s, before, after)
	case !before.Equal(after):
		p.set(set, at, s, after)
	}
}

// isAbsent says whether the API server may have left the field out, or written null or an empty list. An empty struct
// behind a pointer is not absent: it may hold fields that we do not know.
func isAbsent(s *shape, v reflect.Value) bool {
	switch s.kind {
	case reflect.Pointer:
		return v.IsNil()
	case reflect.Map, reflect.Slice:
		return v.Len() == 0
	default:
		return false
	}
}

func (p *patch) structs(at pointer, s *shape, before, after reflect.Value) {
	for i := range s.fields {
		f, b, a := &s.fields[i], before.Field(i), after.Field(i)
		switch wasZero, isZero := b.IsZero(), a.IsZero(); {
		case wasZero && isZero:
		case f.omitempty && isZero && !isAbsent(f.shape, b):
			p.remove(at.to(f.name))
		default:
			p.values("add", at.to(f.name), f.shape, b, a)
		}
	}
}

func (p *patch) remove(at pointer) { p.text = append(p.begin("remove", at), '}') }

func (p *patch) set(op string, at pointer, s *shape, value reflect.Value) {
	text, err := appendValue(append(p.begin(op, at), `,"value":`...), s, value)
	if err != nil && p.err == nil {
		p.err = err
	}
	p.text = append(text, '}')
}

// usual is how long most patches are, in bytes.
const usual = 1024

// begin writes an operation as far as its path.
func (p *patch) begin(op string, at pointer) []byte {
	text := p.text
	if len(text) == 0 {
		text = append(slices.Grow(text, usual), '[')
	} else {
		text = append(text, ',')
	}
	text = append(append(text, `{"op":"`...), op...)
	return plain.AppendBytes(append(text, `","path":`...), at)
}
