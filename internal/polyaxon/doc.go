// Package polyaxon knows what Polyaxon's pods look like, from 0.1 to 2.16, and nothing else.
//
// Identify tells what a pod is by marks that Polyaxon and its Helm charts put on it: labels, and for hooks and
// bundled dependencies the name of the Helm release. Since 1.0 a build is labelled as a job, and a notebook or a
// tensorboard as a service; Content lists what gives them away, and Holds says whether a pod shows it.
//
// Labels, in short (polyaxon is the source of each: polypod/templates, the charts' _helpers.tpl, _k8s/converter):
//
//	classic 0.1-0.6   runs type=polyaxon-runner (0.1: polyaxon-experiment), told apart by app;
//	                  core type=polyaxon-core. The label role is the same on core and on runs: it tells nothing.
//	1.0-2.16          runs app.kubernetes.io/part-of=polyaxon-runs, told apart by app.kubernetes.io/component;
//	                  core app.kubernetes.io/part-of=polyaxon-core (chart 1.1.0 still type=polyaxon-core).
package polyaxon
