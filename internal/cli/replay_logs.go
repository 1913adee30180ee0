package cli

import "errors"

// mostWrong is how many lines in a row may be no audit events before the whole file counts as something else.
const mostWrong = 3

// errNoAuditLog says that a file is something else.
var errNoAuditLog = errors.New("three lines in a row are no audit events, so this is no audit log, and the rest is not read")

// aboutAuditLogs is how to get a log with an event of audit.k8s.io/v1 in each line. GKE keeps other entries, of which such
// events can be made.
const aboutAuditLogs = `An audit log has one event of audit.k8s.io/v1 in each line. Where it comes from:

  Your own API server: the file of its flag --audit-log-path.

  EKS, with the log type "audit" enabled:
    aws logs filter-log-events --log-group-name /aws/eks/CLUSTER/cluster \
      --log-stream-name-prefix kube-apiserver-audit \
      --query 'events[].message' --output json | jq -r '.[]'

  AKS, with a diagnostic setting that sends "kube-audit" to a workspace:
    az monitor log-analytics query --workspace WORKSPACE --output json \
      --analytics-query "AzureDiagnostics | where Category == 'kube-audit'" |
      jq -r '.[].log_s'

  GKE, whose entries hold the same in other fields:
    gcloud logging read 'protoPayload.methodName="io.k8s.core.v1.pods.create"' \
      --format json | jq -c '.[] | (.protoPayload.resourceName | split("/")) as $at |
      {kind: "Event", stage: "ResponseComplete", auditID: .insertId,
       verb: "create", annotations: .labels, requestReceivedTimestamp: .timestamp,
       user: {username: .protoPayload.authenticationInfo.principalEmail},
       objectRef: {resource: "pods", namespace: $at[3], name: $at[5]},
       requestObject: .protoPayload.request}'
`
