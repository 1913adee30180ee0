package e2e_test

import (
	"fmt"
	"strings"
)

const (
	coreLabel = `{app.kubernetes.io/part-of: polyaxon-core}`
	noTrust   = `, which user "tenant" is not trusted with; `
	trusted   = `have one of group "system:masters" or anyone who may "use" roles.polymoat.io "core" `
	earned    = noTrust + "remove it, or " + trusted + "create it"
	kept      = noTrust + "leave it as it was, or " + trusted + "change it"
	labelled  = `.metadata.labels[app.kubernetes.io/part-of] "polyaxon-core" claims role "core"` + earned
)

// claims are objects that claim core, and what the tenant, who has every right in the namespace, reads.
//
// The API server gives a ReplicationController and a Job the labels of their template, where they have none.
var claims = map[string]struct{ object, want string }{
	"a pod with the label of core": {
		"{apiVersion: v1, kind: Pod, metadata: {name: claim, labels: " + coreLabel + "}, spec: " + podSpec + "}",
		`pods "claim" of role "core": ` + labelled[1:] + ` [core-claim]`,
	},
	"a pod with the owner of a core pod": {
		"{apiVersion: v1, kind: Pod, metadata: {name: claim, labels: " + coreLabel + ", ownerReferences: " +
			"[{apiVersion: apps/v1, kind: ReplicaSet, name: OWNER, uid: UID, controller: true}]}, spec: " + podSpec + "}",
		`pods "claim" of role "core": ` + labelled[1:] + ` [core-claim]`,
	},
	"a pod with Polyaxon's service account": {
		"{apiVersion: v1, kind: Pod, metadata: {name: claim, labels: " + coreLabel + "}, spec: {serviceAccountName: polyaxon-polyaxon-agent-sa, " + podSpec[1:] + "}",
		`pods "claim" of role "core": ` + labelled[1:] + ` [core-claim]`,
	},
	"a Deployment":            {workload("apps/v1", "Deployment", "claim", ""), `deployments.apps "claim" of role "core": spec.template` + labelled + ` [core-claim]`},
	"a ReplicaSet":            {workload("apps/v1", "ReplicaSet", "claim", ""), `replicasets.apps "claim" of role "core": spec.template` + labelled + ` [core-claim]`},
	"a StatefulSet":           {workload("apps/v1", "StatefulSet", "claim", "serviceName: claim, "), `statefulsets.apps "claim" of role "core": spec.template` + labelled + ` [core-claim]`},
	"a DaemonSet":             {workload("apps/v1", "DaemonSet", "claim", ""), `daemonsets.apps "claim" of role "core": spec.template` + labelled + ` [core-claim]`},
	"a ReplicationController": {strings.Replace(workload("v1", "ReplicationController", "claim", ""), "{matchLabels: "+coreLabel+"}", coreLabel, 1), `replicationcontrollers "claim" of role "core": ` + labelled[1:] + ` [core-claim]. Also: spec.template` + labelled + ` [core-claim]`},
	"a Job": {
		"{apiVersion: batch/v1, kind: Job, metadata: {name: claim}, spec: {template: " + podTemplate(coreLabel) + "}}",
		`jobs.batch "claim" of role "core": ` + labelled[1:] + ` [core-claim]. Also: spec.template` + labelled + ` [core-claim]`,
	},
	"a CronJob": {
		"{apiVersion: batch/v1, kind: CronJob, metadata: {name: claim}, spec: {schedule: '* * * * *', jobTemplate: {spec: {template: " + podTemplate(coreLabel) + "}}}}",
		`cronjobs.batch "claim" of role "core": spec.jobTemplate.spec.template` + labelled + ` [core-claim]`,
	},
	"a Job with the name of a hook": {
		"{apiVersion: batch/v1, kind: Job, metadata: {name: polyaxon-sync-db}, spec: {template: " + podTemplate("{app.kubernetes.io/name: polyaxon-polyaxon-sync-db}") + "}}",
		`jobs.batch "polyaxon-sync-db" of role "core": spec.template.metadata.labels[app.kubernetes.io/name] "polyaxon-polyaxon-sync-db" ` +
			`claims role "core" (Helm hook Job "polyaxon-sync-db" of release "polyaxon")` + earned + ` [core-claim]`,
	},
	"a StatefulSet like the bundled database": {
		strings.ReplaceAll(workload("apps/v1", "StatefulSet", "polyaxon-postgresql", "serviceName: a, "), coreLabel, "{app: postgresql, release: polyaxon}"),
		`statefulsets.apps "polyaxon-postgresql" of role "core": spec.template.metadata.labels[app] "postgresql" ` +
			`claims role "core" (label app=postgresql, bundled with release "polyaxon")` + earned + ` [core-claim]`,
	},
	"a revision of a StatefulSet": {
		"{apiVersion: apps/v1, kind: ControllerRevision, metadata: {name: claim}, revision: 1, data: {spec: {template: {$patch: replace, metadata: {labels: " + coreLabel + "}, spec: " + podSpec + "}}}}",
		`controllerrevisions.apps "claim" of role "core": data.spec.template` + labelled + ` [core-claim]`,
	},
	"an Operation": {
		"{apiVersion: core.polyaxon.com/v1, kind: Operation, metadata: {name: claim, labels: " + coreLabel + "}, batchJobSpec: {template: {spec: " + podSpec + "}}}",
		`operations.core.polyaxon.com "claim" of role "core": ` + labelled[1:] + ` [core-claim]`,
	},
}

const podSpec = "{restartPolicy: Always, containers: [{name: main, image: 'busybox:1.37'}]}"

func podTemplate(labels string) string {
	return "{metadata: {labels: " + labels + "}, spec: " + strings.Replace(podSpec, "Always", "Never", 1) + "}"
}

func workload(apiVersion, kind, name, more string) string {
	return fmt.Sprintf("{apiVersion: %s, kind: %s, metadata: {name: %s}, spec: {%sselector: {matchLabels: %s}, template: {metadata: {labels: %s}, spec: %s}}}",
		apiVersion, kind, name, more, coreLabel, coreLabel, podSpec)
}
