package v1alpha1

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

// TestEffective shows where each role runs, by the roles that have an entry. Each entry runs on the pool of its name.
func TestEffective(t *testing.T) {
	for _, tc := range []struct {
		name    string
		entries string
		want    string
	}{{
		"no entry at all: core has the protected pools, nobody else is placed", "",
		"core=core,vault experiments= jobs= builds= notebooks= tensorboards= services= distributed= helpers= other=",
	}, {
		"experiments serve everything but core and other", "experiments",
		"core=core,vault experiments=experiments jobs=experiments builds=experiments notebooks=experiments " +
			"tensorboards=experiments services=experiments distributed=experiments helpers=experiments other=",
	}, {
		"jobs stand in for experiments, and so for all", "jobs",
		"core=core,vault experiments=jobs jobs=jobs builds=jobs notebooks=jobs tensorboards=jobs services=jobs " +
			"distributed=jobs helpers=jobs other=",
	}, {
		"the nearest fallback counts", "core jobs experiments notebooks services",
		"core=core experiments=experiments jobs=jobs builds=jobs notebooks=notebooks tensorboards=services " +
			"services=services distributed=experiments helpers=jobs other=",
	}, {
		"roles of the policy's own come last, in the order of the document", "zebra other ape core",
		"core=core experiments= jobs= builds= notebooks= tensorboards= services= distributed= helpers= other=other " +
			"zebra=zebra ape=ape",
	}} {
		t.Run(tc.name, func(t *testing.T) {
			s := Spec{NodePools: []NodePool{{Name: "core", Protected: true}, {Name: "gpu"}, {Name: "vault", Protected: true}}}
			for name := range strings.FieldsSeq(tc.entries) {
				s.Roles = append(s.Roles, Role{Name: name, NodePools: []string{name}})
			}
			var got []string
			for _, r := range s.Effective() {
				pools := strings.Join(r.NodePools, ",")
				got = append(got, fmt.Sprintf("%s=%s", r.Name, pools))
				if entry := s.EntryOf(r.Name); entry != pools && (entry != "" || r.Name != RoleCore) {
					t.Errorf("the entry of %q is that of %q, want %q", r.Name, entry, pools)
				}
			}
			if diff := cmp.Diff(strings.Fields(tc.want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFallbackKeepsOwnRights(t *testing.T) {
	own := corev1.PodSecurityContext{RunAsUser: ptr.To(int64(1000))}
	s := Spec{Roles: []Role{{
		Name: RoleJobs, NodePools: []string{"gpu"}, NodeSelector: map[string]string{"zone": "a"}, PodSecurityContext: &own,
		PodSecurity: Privileged, Identity: Keep, OnConflict: Replace, RootImages: []string{"docker.io/moby/buildkit"},
		HostPaths: []HostPath{{Path: "/data"}}, Match: &Match{Mode: ReplaceSignal}, Overrides: &Overrides{Roles: []string{RoleBuilds}},
	}}}
	want := Role{
		Name: RoleExperiments, NodePools: []string{"gpu"}, NodeSelector: map[string]string{"zone": "a"}, PodSecurityContext: &own,
		PodSecurity: Restricted, Identity: Inject, OnConflict: Refuse, Overrides: &Overrides{Roles: []string{RoleBuilds}},
	}
	for _, p := range StorePaths {
		want.HostPaths = append(want.HostPaths, HostPath{Path: p, From: FromAnyone})
	}
	if diff := cmp.Diff(want, s.Effective()[1]); diff != "" {
		t.Errorf("experiments without an entry (-want +got):\n%s", diff)
	}
}

func TestFallbacksNameKnownRoles(t *testing.T) {
	known := strings.Join(KnownRoles, " ")
	for role, fallback := range fallbacks {
		if !strings.Contains(known, role) || !strings.Contains(known, fallback) {
			t.Errorf("%s falls back to %s: one of them is not a known role", role, fallback)
		}
	}
}
