package cost

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// place is a list, a map or a string of an object that can be made long: "spec.containers[].args". Fields are those of the
// structs on the way to it.
type place struct {
	name   string
	fields []int
	text   bool // a string
}

// leaves are types that are values, though they are structs or lists to Go.
var leaves = map[reflect.Type]bool{
	reflect.TypeFor[metav1.Time](): true, reflect.TypeFor[metav1.MicroTime](): true, reflect.TypeFor[resource.Quantity](): true,
	reflect.TypeFor[intstr.IntOrString](): true, reflect.TypeFor[metav1.FieldsV1](): true,
}

// places are all lists and maps below a type, and strings: of those in lists only the ones of containers, because nobody looks
// at all of the others.
func places(t reflect.Type) []place { return appendPlaces(nil, t, place{}) }

func appendPlaces(all []place, t reflect.Type, at place) []place {
	switch {
	case leaves[t]:
	case t.Kind() == reflect.Pointer:
		return appendPlaces(all, t.Elem(), at)
	case t.Kind() == reflect.Slice:
		return appendPlaces(append(all, at), t.Elem(), place{name: at.name + "[]", fields: at.fields})
	case t.Kind() == reflect.Map:
		return append(all, at)
	case t.Kind() == reflect.String && (at.lists() == 0 || strings.HasPrefix(at.name, "spec.containers[].")):
		at.text = true
		return append(all, at)
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			if name == "status" || name == "managedFields" && at.name == "" {
				continue
			}
			sub := place{name: strings.Trim(at.name+"."+name, "."), fields: append(slices.Clip(at.fields), i)}
			all = appendPlaces(all, t.Field(i).Type, sub)
		}
	}
	return all
}

// lists is on how many lists the place lies, itself aside.
func (p place) lists() int { return strings.Count(p.name, "[]") }

// growth makes one place of an object long.
type growth struct {
	place
	bytes int    // of JSON, more or less
	outer int    // how many entries the lists around it have
	rich  bool   // entries have every field, not only names
	seed  string // what strings begin with
}

func (g growth) String() string {
	shape := "bare"
	if g.rich {
		shape = "rich"
	}
	return fmt.Sprintf("%s x%d %s", g.name, g.outer, shape)
}

// make makes the place of the pod about as long as so many bytes.
func (g growth) make(pod *corev1.Pod, seed string, bytes int) {
	g.seed, g.bytes = seed, bytes
	g.walk(reflect.ValueOf(pod), g.fields, 0)
}

func (g growth) walk(v reflect.Value, fields []int, depth int) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		g.walk(v.Elem(), fields, depth)
		return
	}
	if len(fields) == 0 && (v.Kind() != reflect.Slice || g.lists() == depth) {
		g.lengthen(v)
		return
	}
	if v.Kind() == reflect.Struct {
		g.walk(v.Field(fields[0]), fields[1:], depth)
		return
	}
	for v.Len() < g.outer {
		one := reflect.New(v.Type().Elem()).Elem()
		g.fill(one, v.Len(), false, 0)
		v.Set(reflect.Append(v, one))
	}
	for i := range v.Len() {
		g.walk(v.Index(i), fields, depth+1)
	}
}

// lengthen makes a list, a map or a string as long as its share of the bytes.
func (g growth) lengthen(v reflect.Value) {
	share := g.bytes / int(math.Pow(float64(g.outer), float64(g.lists())))
	switch v.Kind() {
	case reflect.String:
		v.SetString(strings.Repeat("a/"+g.seed, share/(2+len(g.seed))+1))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		g.fill(key, 123456, true, 0)
		g.fill(value, 123456, true, 0)
		for i := range max(1, share/(size(key)+size(value)+2)) {
			g.fill(key, i, true, 0)
			g.fill(value, i, true, 0)
			v.SetMapIndex(key, value)
		}
	default: // a list
		one := reflect.New(v.Type().Elem()).Elem()
		g.fill(one, 123456, g.rich, 0)
		n := max(1, share/(size(one)+1))
		list := reflect.MakeSlice(v.Type(), n, n)
		for i := range n {
			g.fill(list.Index(i), i, g.rich, 0)
		}
		v.Set(list)
	}
}

func size(v reflect.Value) int {
	text, _ := json.Marshal(v.Interface())
	return len(text)
}

// words are values of types that have few; of most, every entry is to be another one.
var words = map[reflect.Type][]string{
	reflect.TypeFor[corev1.NodeSelectorOperator]():          {"In", "NotIn", "In", "NotIn", "Exists"},
	reflect.TypeFor[corev1.TolerationOperator]():            {"Equal"},
	reflect.TypeFor[corev1.TaintEffect]():                   {"NoSchedule", "NoExecute"},
	reflect.TypeFor[metav1.LabelSelectorOperator]():         {"In"},
	reflect.TypeFor[corev1.UnsatisfiableConstraintAction](): {"DoNotSchedule"},
}

// fill gives a value what tells it from its like: only its strings, or with rich everything below it.
func (g growth) fill(v reflect.Value, i int, rich bool, depth int) {
	switch t := v.Type(); {
	case leaves[t] || depth > 4:
	case words[t] != nil:
		v.SetString(words[t][i%len(words[t])])
	case v.Kind() == reflect.String:
		v.SetString(fmt.Sprintf("%s%d", g.seed, i))
	case v.Kind() == reflect.Bool:
		v.SetBool(rich)
	case v.Kind() == reflect.Struct:
		for _, field := range v.Fields() {
			g.fill(field, i, rich, depth+1)
		}
	case !rich:
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		g.fill(v.Elem(), i, rich, depth+1)
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(t, 1, 1))
		g.fill(v.Index(0), i, rich, depth+1)
	}
}
