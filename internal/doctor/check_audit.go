package doctor

import (
	"fmt"
	"slices"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/utils/ptr"
)

// longestSilence is how long the Lease may go without a renewal: a replica that is gone is followed within a minute.
const longestSilence = 2 * time.Minute

// audits finds that no replica audits what runs.
func audits(v View) []Finding {
	namespace, name := auditLease(v.Deployment)
	if name == "" {
		return nil
	}
	f := Finding{Severity: Warning, Why: "No replica audits what runs: metrics and reports do not say which pods are where they may not be."}
	i := slices.IndexFunc(v.Leases, func(l *coordinationv1.Lease) bool { return l.Namespace == namespace && l.Name == name })
	switch {
	case i < 0:
		f.What = fmt.Sprintf("There is no Lease %q in namespace %q.", name, namespace)
		f.Fix = v.reinstall()
	case v.Now.Sub(renewed(v.Leases[i])) > longestSilence:
		f.What = fmt.Sprintf("No replica holds the Lease %q in namespace %q.", name, namespace)
		f.Fix = v.kubectl("logs " + v.name() + " --all-pods")
	default:
		return nil
	}
	return []Finding{f}
}

// renewed is when a replica last said that it audits; the zero time for never, and where it gave the Lease up.
func renewed(l *coordinationv1.Lease) time.Time {
	if ptr.Deref(l.Spec.HolderIdentity, "") == "" || l.Spec.RenewTime == nil {
		return time.Time{}
	}
	return l.Spec.RenewTime.Time
}
