package native_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/corpus"
	"github.com/polymoat/polymoat/internal/native"
	"github.com/polymoat/polymoat/internal/policy"
)

// faults are mistakes that a compiler could make, as changes of what it writes.
var faults = []struct{ name, right, wrong string }{
	{"core nodes are open", `variables.lands.size() == 0`, `true`},
	{"a claim of core is free", `!variables.claims && variables.places.size() == 0`, `true`},
	{"any node may be named", `variables.nodeName == "" || !variables.fresh`, `true || !variables.fresh`},
	{"any pool may be selected", `variables.ownChosen.size() > 0`, `true`},
	{"accounts are free", `variables.account in ["", "default"]`, `true`},
	{"toleration of every effect is overlooked", `(t.effect == "" ||`, `(false ||`},
	{"toleration of every key is overlooked", `(t.key == "" ||`, `(false ||`},
	{"one term of several is enough", `variables.terms.exists(t, t.expressions.size()`, `variables.terms.all(t, t.expressions.size()`},
	{"NotIn is read as In", `== "NotIn" ? !(v in r.values)`, `== "NotIn" ? (v in r.values)`},
	{"the seal is forgotten", `variables.numbers ? variables.placedTerms :`, `true ? variables.placedTerms :`},
	{"the group is forgotten", `+ \"/runAsGroup\", value`, `+ \"/runAsUser\", value`},
	{"root counts as nobody", `orValue(1)) != 0`, `orValue(1)) != 1`},
	{"images end anywhere", `(:[^/@:]*)?(@.*)?$`, ``},
}

// TestFaults: mistakes in the compiler are found.
func TestFaults(t *testing.T) {
	cases, err := corpus.Cases()
	if err != nil {
		t.Fatal(err)
	}
	right := native.Compile(v1alpha1.Default())
	text, err := json.Marshal(right)
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.New(v1alpha1.Default())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			planted := strings.ReplaceAll(string(text), escaped(f.right), escaped(f.wrong))
			if planted == string(text) {
				t.Fatalf("no expression holds %s", f.right)
			}
			var wrong native.Twin
			if err := json.Unmarshal([]byte(planted), &wrong); err != nil {
				t.Fatal(err)
			}
			if faulty := (pair{p, compileTwin(t, wrong)}); !faulty.found(t, cases) {
				t.Error("no case of the corpus and no random request finds it")
			}
		})
	}
}

// found says whether a case of the corpus or a random request shows a difference.
func (p pair) found(t *testing.T, cases []corpus.Case) bool {
	t.Helper()
	for _, c := range cases {
		if r, err := c.Request(); err == nil && c.PolicyName == corpus.DefaultPolicy && len(p.differences(t, r)) > 0 {
			return true
		}
	}
	for seed := range uint64(300) {
		if r := randomRequest(rand.New(rand.NewPCG(seed, 3)), v1alpha1.Default()); len(p.differences(t, r)) > 0 {
			return true
		}
	}
	return false
}

// escaped is a part of an expression as it stands in JSON.
func escaped(text string) string {
	if strings.Contains(text, `\"`) {
		text = strings.ReplaceAll(text, `\"`, `"`)
	}
	b, _ := json.Marshal(text) // a string can be encoded
	return strings.TrimSuffix(strings.TrimPrefix(string(b), `"`), `"`)
}
