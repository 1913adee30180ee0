package webhook

import (
	"encoding/json"
	"maps"
	"reflect"
	"strings"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"pgregory.net/rapid"

	"github.com/polymoat/polymoat/internal/corpus"
	"github.com/polymoat/polymoat/internal/policy"
)

// TestCreation: no decision on a creation depends on a field that is not read, whatever is in it.
func TestCreation(t *testing.T) {
	cases, err := corpus.Cases()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		tc := cases[rapid.IntRange(0, len(cases)-1).Draw(rt, "case")]
		p, err := tc.Policy()
		if err != nil {
			rt.Fatal(err)
		}
		r, err := tc.Request()
		if err != nil {
			rt.Fatal(err)
		}
		r.Old = nil // of an update everything is read
		if why := disagreeOn(rt, p, r, func(raw []byte) *object {
			var c creation
			if err := decode(raw, &c); err != nil {
				rt.Fatal(err)
			}
			return c.object()
		}); why != "" {
			rt.Fatalf("%s: %s", tc.Name, why)
		}
	})
}

// TestPlantedField: a field that decides and is not read would be found.
func TestPlantedField(t *testing.T) {
	policies, err := LoadPolicies("")
	if err != nil {
		t.Fatal(err)
	}
	found := false
	rapid.Check(t, func(rt *rapid.T) {
		r := policy.Request{Namespace: "polyaxon", Pod: (&object{}).pod()}
		r.Pod.Spec.HostPID = true
		found = disagreeOn(rt, policies.compiled, r, func(raw []byte) *object {
			var c creation
			if err := decode(raw, &c); err != nil {
				rt.Fatal(err)
			}
			c.Spec.HostPID = false
			return c.object()
		}) != ""
	})
	if !found {
		t.Error("hostPID is not missed")
	}
}

// disagreeOn fills what is not read, and says where decisions on the pod differ that is read whole and by read.
func disagreeOn(t *rapid.T, p *policy.Policy, r policy.Request, read func([]byte) *object) string {
	full := object{Pod: *r.Pod.DeepCopy()}
	fillUnread(t, reflect.ValueOf(&full).Elem(), reflect.TypeFor[creation]())
	raw, err := json.Marshal(&full)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := decodeObject(raw)
	if err != nil {
		t.Fatal(err)
	}
	with, without := r, r
	with.Pod, without.Pod = whole.pod(), read(raw).pod()
	if a, b := p.Validate(with), p.Validate(without); !reflect.DeepEqual(a, b) {
		return "Validate of " + string(raw) + " differs: " + a.Sentence("a") + " / " + b.Sentence("a")
	}
	a, b := p.Mutate(with), p.Mutate(without)
	a.Pod, b.Pod = nil, nil // the changes say it
	if !reflect.DeepEqual(a, b) {
		return "Mutate of " + string(raw) + " differs"
	}
	return ""
}

// fillUnread puts something of chance into each field that the other type lacks, at any depth.
func fillUnread(t *rapid.T, v reflect.Value, read reflect.Type) {
	switch {
	case v.Type() == read:
	case read == reflect.TypeFor[extendedResources]():
		fillResources(t, v)
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			fillUnread(t, v.Index(i), read.Elem())
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Anonymous && name == "" { // inline
				fillUnread(t, v.Field(i), read)
			} else if other, ok := fieldOf(read, name); ok {
				fillUnread(t, v.Field(i), other)
			} else if v.Field(i).CanSet() {
				v.Field(i).Set(anything(t, f.Type, 3))
			}
		}
	default:
		t.Fatalf("%s is read as %s", v.Type(), read)
	}
}

// fillResources adds what is not extended.
func fillResources(t *rapid.T, v reflect.Value) {
	list := corev1.ResourceList{}
	maps.Copy(list, v.Interface().(corev1.ResourceList))
	for _, name := range []corev1.ResourceName{"cpu", "memory", "hugepages-2Mi", "kubernetes.io/batch-cpu", "requests.nvidia.com/gpu"} {
		if rapid.Bool().Draw(t, string(name)) {
			list[name] = resource.MustParse("1")
		}
	}
	v.Set(reflect.ValueOf(list))
}

// fieldOf is the type of a field by its name in JSON.
func fieldOf(of reflect.Type, name string) (reflect.Type, bool) {
	for f := range reflect.VisibleFields(of) {
		field := reflect.VisibleFields(of)[f]
		if known, _, _ := strings.Cut(field.Tag.Get("json"), ","); known == name {
			return field.Type, true
		}
	}
	return nil, false
}

// anything is a value of the type in which no pointer is nil and no list is empty, as many levels deep.
func anything(t *rapid.T, typ reflect.Type, depth int) reflect.Value {
	v := reflect.New(typ).Elem()
	if depth == 0 {
		return v
	}
	switch typ.Kind() {
	case reflect.String:
		v.SetString(rapid.SampledFrom([]string{"", "a", "core", "polyaxon", "/"}).Draw(t, "string"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Int32, reflect.Int64:
		v.SetInt(rapid.Int64Range(0, 3).Draw(t, "int"))
	case reflect.Pointer:
		p := reflect.New(typ.Elem())
		p.Elem().Set(anything(t, typ.Elem(), depth))
		v.Set(p)
	case reflect.Slice:
		v.Set(reflect.Append(v, anything(t, typ.Elem(), depth-1)))
	case reflect.Map:
		v.Set(reflect.MakeMap(typ))
		v.SetMapIndex(anything(t, typ.Key(), depth), anything(t, typ.Elem(), depth-1))
	case reflect.Struct:
		for i := range typ.NumField() {
			if typ.Field(i).IsExported() {
				v.Field(i).Set(anything(t, typ.Field(i).Type, depth-1))
			}
		}
	default:
		t.Fatalf("nothing is known of %s", typ)
	}
	return v
}

func TestExtendedResources(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{`{"limits":{"cpu":"1","nvidia.com/gpu":"2"}}`, `{"limits":{"nvidia.com/gpu":"2"}}`},
		{`{"limits":null,"requests":{"cpu":"1"}}`, `{}`},
		{`{"limits":{"nvidia.com/gpu":1},"requests":{}}`, `{"limits":{"nvidia.com/gpu":"1"}}`},
		{`{"limits":"none"}`, `resources are no object`},
		{`{"limits":{"cpu":1,"cpu":2}}`, `duplicate object member name "cpu"`},
		{`{"limits":{"nvidia.com/gpu":"two"}}`, `quantities must match the regular expression`},
	} {
		var c creationContainer
		err := jsonv2.Unmarshal([]byte(`{"resources":`+tc.in+`}`), &c)
		made := containers([]creationContainer{c})[0].Resources
		text, marshalErr := json.Marshal(made)
		if marshalErr != nil {
			t.Fatal(marshalErr)
		}
		if err == nil && string(text) != tc.want || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s is read as %s, %v; want %s", tc.in, text, err, tc.want)
		}
	}
}
