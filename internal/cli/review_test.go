package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/manifest"
	"github.com/polymoat/polymoat/internal/policy"
)

// Who creates a pod carries the groups that the API server would give to them.
func TestUser(t *testing.T) {
	const controller = "system:serviceaccount:kube-system:job-controller"
	controllers := []string{"system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"}
	tests := map[string]struct {
		in      inputs
		creator string
		want    policy.UserInfo
	}{
		"bare pod is nobody's":         {inputs{}, "", policy.UserInfo{}},
		"template is its controller's": {inputs{}, controller, policy.UserInfo{Name: controller, Groups: controllers}},
		"named user wins":              {inputs{as: "alice"}, controller, policy.UserInfo{Name: "alice", Groups: []string{"system:authenticated"}}},
		"named groups":                 {inputs{as: "alice", groups: []string{"a"}}, "", policy.UserInfo{Name: "alice", Groups: []string{"a", "system:authenticated"}}},
		"mirror pod is its kubelet's":  {inputs{}, "system:node:n1", policy.UserInfo{Name: "system:node:n1", Groups: []string{"system:nodes", "system:authenticated"}}},
		"named service account":        {inputs{as: controller}, "", policy.UserInfo{Name: controller, Groups: controllers}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.in.user(manifest.Pod{Creator: tc.creator})); diff != "" {
				t.Errorf("user (-want +got):\n%s", diff)
			}
		})
	}
}
