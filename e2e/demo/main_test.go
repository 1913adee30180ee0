package main

import "testing"

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		name string
		args []string
		want string
	}{
		{"a command", []string{"down"}, ""},
		{"up with the default gates", []string{"up"}, ""},
		{"no gates", []string{"up", ""}, ""},
		{"gates", []string{"up", "GenericWorkload=true,WorkloadWithJob=false"}, ""},
		{"a gate without a value", []string{"up", "GenericWorkload"}, `"GenericWorkload" is no feature gate; write GATES=GenericWorkload=true, and several with commas between them`},
		{"gates for a command that takes none", []string{"demo", "GenericWorkload=true"}, "usage: go run ./e2e/demo build|demo|up [GATES]|down|siege"},
		{"no such command", []string{"fly"}, "usage: go run ./e2e/demo build|demo|up [GATES]|down|siege"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := ""
			if _, err := parse(tc.args); err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
