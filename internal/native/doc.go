// Package native writes a policy down as MutatingAdmissionPolicies and ValidatingAdmissionPolicies, which the API server
// evaluates itself: the twin of the webhook, for when no webhook answers.
//
// The twin is never looser than the webhook in what keeps core safe. What cannot be said in CEL is stricter, or is not
// there, and Differences lists it.
//
// All values are compiled in: there are no parameters. An expression is a list of lines, the first of which is a comment.
package native
