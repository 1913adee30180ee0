// Package webhook serves polymoat's decisions to an API server: it is the only room that knows AdmissionReview, TLS,
// HTTP and Prometheus.
//
// A review walks one corridor: reviewer reads and decodes it (review.go), asks the policy (decide.go), and writes the
// answer (response.go). What cannot be answered with a decision is a fault: the caller's mistake, or our own.
//
// Workloads, which make pods, walk it too (workload.go): as JSON values, because they may be of any kind.
//
// A pod is decoded once, straight into a pod, leniently: fields that our version of k8s.io/api does not know are
// legal, and the patch never mentions them. Most reviews are read the quick way (read.go), which is held to give the same
// answers, byte for byte, as the typed way that it falls back to. What they are read into is used again for the next review:
// of a request nothing is kept after its answer but strings and copies.
package webhook
