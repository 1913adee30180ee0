package policy

import (
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// printers write what an override set as its value is written. JSON may be spaced and ordered differently.
var printers = map[string]func(*Placement) string{
	"polymoat.io/role":          func(p *Placement) string { return p.subject.role.name },
	"polymoat.io/node-pool":     func(p *Placement) string { return p.pool.Name },
	"polymoat.io/node-selector": func(p *Placement) string { return marshal(p.nodeSelector) },
	"polymoat.io/tolerations":   func(p *Placement) string { return marshal(p.tolerations) },
	"polymoat.io/run-as-user":   func(p *Placement) string { return strconv.FormatInt(*p.identity.RunAsUser, 10) },
	"polymoat.io/run-as-group":  func(p *Placement) string { return strconv.FormatInt(*p.identity.RunAsGroup, 10) },
	"polymoat.io/fs-group":      func(p *Placement) string { return strconv.FormatInt(*p.identity.FSGroup, 10) },
}

func marshal(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// FuzzOverride: no value makes any parser panic, and none is accepted that would not be printed back.
func FuzzOverride(f *testing.F) {
	for _, o := range Overrides {
		f.Add(o.Example)
	}
	for _, value := range []string{"", "0", "01", "-0", "+1", "2147483648", "1e3", "{}", "[]", "null", "[null]", `{"disk":null}`,
		`{"disk":"a","disk":"a"}`, `{"disk":"\ud800"}`, `[{"key":"spot","tolerationSeconds":1e0,"effect":"NoExecute"}]`,
		`[{"Key":"spot"}]`, `[{"key":"spot","value":""}]`, ` {"disk":"a"} `, `{"disk":"a"}{}`, "builds ", "jobs"} {
		f.Add(value)
	}
	in := bounded(f)
	f.Fuzz(func(t *testing.T, value string) {
		for _, o := range Overrides {
			s := &subject{in: in, role: in.roles[v1alpha1.RoleJobs], hardeningRole: in.roles[v1alpha1.RoleJobs]}
			p := &Placement{subject: s, pod: &corev1.Pod{}, own: s.role}
			if o.Set(value, p) != nil {
				continue
			}
			if got := printers[o.Name](p); got != value && !saysTheSame(got, value) {
				t.Errorf("%s accepts %q, but prints %q", o.Name, value, got)
			}
			if len(p.said) != 1 || strings.Contains(p.said[0], "\n") {
				t.Errorf("%s=%q says %q", o.Name, value, p.said)
			}
		}
	})
}

// bounded is the built-in policy in which jobs may ask for all that can be asked for.
func bounded(f *testing.F) *installation {
	all := &v1alpha1.IDRange{Min: 0, Max: 1<<31 - 1}
	doc := v1alpha1.Default()
	doc.Spec.Roles[2].Overrides = &v1alpha1.Overrides{
		NodePools: []string{"builds", "experiments"}, Roles: []string{"notebooks", "builds"},
		NodeSelectorKeys: []string{"disk"}, TolerationKeys: []string{"spot"},
		RunAsUser: all, RunAsGroup: all, FSGroup: all,
	}
	in, err := compile(doc)
	if err != nil {
		f.Fatal(err)
	}
	return in
}

// saysTheSame compares JSON by what it says and by its length in tokens: a key that is there twice counts twice.
func saysTheSame(a, b string) bool {
	count := map[string][]any{}
	for _, text := range []string{a, b} {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return false
			}
			count[text] = append(count[text], token)
		}
	}
	var left, right any
	if json.Unmarshal([]byte(a), &left) != nil || json.Unmarshal([]byte(b), &right) != nil {
		return false
	}
	return len(count[a]) == len(count[b]) && reflect.DeepEqual(left, right)
}
