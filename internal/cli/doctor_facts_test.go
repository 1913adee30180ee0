package cli

import (
	"slices"
	"testing"

	"github.com/polymoat/polymoat/internal/doctor"
)

// What a check needs is read; else it would find nothing, or too much, and nobody would be told.
func TestWhatChecksNeedIsRead(t *testing.T) {
	read := []doctor.Resource{ // by functions of their own
		doctor.Deployments, doctor.ConfigMaps, doctor.LoadedPolicy, doctor.Secrets, doctor.Certificates, doctor.Issuers,
		doctor.Neighbours, doctor.NodePools, doctor.MachineDeployments,
	}
	for _, l := range listed {
		read = append(read, l.is)
	}
	for _, check := range doctor.Checks {
		for _, need := range check.Needs {
			if !slices.Contains(read, need) {
				t.Errorf("check %q needs %s, which is not read; add it to listed in internal/cli/doctor_facts.go", check.ID, need)
			}
		}
	}
}
