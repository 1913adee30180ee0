package v1alpha1

import (
	"encoding/json"
	"errors"
	"testing"
)

// FuzzLoad: any bytes give a policy or an error that names its mistakes, and a policy survives being written down.
func FuzzLoad(f *testing.F) {
	for _, text := range []string{DefaultYAML, twentyLines, base, "", "# nothing", "---\n---\n", "{", "[]", "a: *b", "&a [*a]", "? {a: b}\n: c", "<<: {a: b}"} {
		f.Add([]byte(text))
	}
	for _, tc := range mistakes {
		f.Add([]byte(tc.document()))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Load("fuzz.yaml", data)
		if err != nil {
			var invalid *InvalidError
			if !errors.As(err, &invalid) || len(invalid.Errors) == 0 || err.Error() == "" {
				t.Fatalf("an error without mistakes: %#v", err)
			}
			return
		}
		text := marshal(t, p)
		again, err := Load("marshalled.json", text)
		if err != nil {
			t.Fatalf("an accepted policy does not load again: %v\n%s", err, text)
		}
		if got := marshal(t, again); string(got) != string(text) {
			t.Fatalf("an accepted policy changed:\n%s\n%s", text, got)
		}
		for _, r := range p.Spec.Effective() {
			if r.Name == "" || r.PodSecurity == "" || r.Identity == "" || r.OnConflict == "" {
				t.Fatalf("a role without defaults: %+v", r)
			}
		}
	})
}

func marshal(t *testing.T, p *PlacementPolicy) []byte {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
