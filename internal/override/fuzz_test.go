package override

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

// places remembers the role and the pool that were asked for.
type places struct{ role, pool string }

func (p *places) MoveTo(role string)                  { p.role = role }
func (p *places) UsePool(name string) (string, error) { p.pool = name; return "", nil }
func (p *places) IsOn(string) bool                    { return false }

// printers write what an override set as its value is written. JSON may be spaced and ordered differently.
var printers = map[string]func(Asked, places) string{
	"polymoat.io/role":          func(_ Asked, to places) string { return to.role },
	"polymoat.io/node-pool":     func(_ Asked, to places) string { return to.pool },
	"polymoat.io/node-selector": func(a Asked, _ places) string { return marshal(a.NodeSelector) },
	"polymoat.io/tolerations":   func(a Asked, _ places) string { return marshal(a.Tolerations) },
	"polymoat.io/run-as-user":   func(a Asked, _ places) string { return strconv.FormatInt(*a.Identity.RunAsUser, 10) },
	"polymoat.io/run-as-group":  func(a Asked, _ places) string { return strconv.FormatInt(*a.Identity.RunAsGroup, 10) },
	"polymoat.io/fs-group":      func(a Asked, _ places) string { return strconv.FormatInt(*a.Identity.FSGroup, 10) },
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
	for _, o := range overrides {
		f.Add(o.Example)
	}
	for _, value := range []string{"", "0", "01", "-0", "+1", "2147483648", "1e3", "{}", "[]", "null", "[null]", `{"disk":null}`,
		`{"disk":"a","disk":"a"}`, `{"disk":"\ud800"}`, `[{"key":"spot","tolerationSeconds":1e0,"effect":"NoExecute"}]`,
		`[{"Key":"spot"}]`, `[{"key":"spot","value":""}]`, ` {"disk":"a"} `, `{"disk":"a"}{}`, "builds ", "jobs"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, o := range overrides {
			to := places{role: v1alpha1.RoleJobs}
			a := Asked{pod: &corev1.Pod{}, bounds: bounded(), to: &to}
			if o.set(value, &a) != nil {
				continue
			}
			if got := printers[o.Name](a, to); got != value && !saysTheSame(got, value) {
				t.Errorf("%s accepts %q, but prints %q", o.Name, value, got)
			}
			if len(a.Said) != 1 || strings.Contains(a.Said[0], "\n") {
				t.Errorf("%s=%q says %q", o.Name, value, a.Said)
			}
		}
	})
}

// bounded are the bounds of jobs that may ask for all that can be asked for.
func bounded() Bounds {
	all := &v1alpha1.IDRange{Min: 0, Max: 1<<31 - 1}
	return BoundsOf(v1alpha1.Role{Name: v1alpha1.RoleJobs, Overrides: &v1alpha1.Overrides{
		NodePools: []string{"builds", "experiments"}, Roles: []string{"notebooks", "builds"},
		NodeSelectorKeys: []string{"disk"}, TolerationKeys: []string{"spot"},
		RunAsUser: all, RunAsGroup: all, FSGroup: all,
	}})
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
