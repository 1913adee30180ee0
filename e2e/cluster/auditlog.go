package cluster

import "os"

const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Request
  verbs: [create]
  namespaces: [polyaxon]
  resources: [{group: "", resources: [pods, pods/binding]}]
- level: None
`

// AuditLog is the file that the API server writes, with AuditPods.
func (c *Cluster) AuditLog() string { return c.file("audit.log") }

func (c *Cluster) writeAuditPolicy(wanted bool) error {
	if !wanted {
		return nil
	}
	c.flags = append(c.flags, "--audit-policy-file", c.file("audit-policy.yaml"), "--audit-log-path", c.AuditLog())
	return os.WriteFile(c.file("audit-policy.yaml"), []byte(auditPolicy), 0o600)
}
