// Package e2e shows polymoat at work in a real control plane: the workloads of testdata, as Polyaxon creates them, must
// end on their node pool, and the attempts of testdata must be refused with exactly the sentence beside them.
//
//	binaries   builds etcd, kube-apiserver, kube-scheduler, kube-controller-manager, kwok and helm from Go modules
//	cluster    runs them, with polymoat installed
//	chart      runs helm on the chart in manifests, and tests what it renders
//	certs      rotates certificates under load, with cert-manager among others, which certmanager builds
//	displacement opens the gates of groups of pods, and tries to have core evicted
//	failure    installs the chart, and takes away one part after the other, under load
//	demo       what `make demo`, `make up`, `make down` and `make siege` run
//
// The tests and the demo share workloads and attempts: what is shown is what is tested.
package e2e
