// Package webhook serves polymoat's decisions to an API server. It is a controller-runtime application: a manager, a
// webhook.Server, and an admission.Handler for each of mutate, validate and workloads.
//
// A review walks one corridor, the first file at the top:
//
//   - serve/: a connection becomes a whole request, with a deadline and room to be decided in
//   - review.go: its body becomes an admission.Request, and the admission.Response becomes the answer
//   - handler.go: the request is decided on, and whoever is to know is told
//   - request.go, creation.go: its objects are decoded, where the namespace is governed
//   - decide.go, workload.go: the policy is asked, with what facts.go knows of the cluster
//   - response.go, fault.go: the decision becomes a response. What is not decided is a fault: the caller's mistake, or ours.
//
// Fields that our version of k8s.io/api does not know are legal, and no patch mentions them. What watches, audits and writes
// is beside this corridor, in internal/auditor; setup.go puts all of it together.
package webhook
