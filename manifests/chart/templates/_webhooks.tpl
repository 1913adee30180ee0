{{/* How the API server reaches the server, at a path. */}}
{{- define "polymoat.client" -}}
{{- with .root.Values.certificates.caBundle }}
caBundle: {{ b64enc . }}
{{- end }}
{{- if .root.Values.webhookURL }}
url: {{ trimSuffix "/" .root.Values.webhookURL }}{{ .path }}
{{- else }}
service: {namespace: {{ .root.Release.Namespace }}, name: {{ include "polymoat.name" .root }}, path: {{ .path }}}
{{- end }}
{{- end }}

{{/* Namespaces by name: a label on a namespace can be edited by its tenant. */}}
{{- define "polymoat.namespaceSelector" -}}
matchExpressions:
- {key: kubernetes.io/metadata.name, operator: In, values: {{ . }}}
{{- end }}

{{/* What all webhooks have in common. */}}
{{- define "polymoat.webhook" -}}
admissionReviewVersions: [v1]
matchPolicy: Equivalent
timeoutSeconds: {{ .Values.timeoutSeconds }}
{{- end }}

{{/* Every kind that makes pods, or that others make such kinds of. Kinds that a cluster does not have do no harm. */}}
{{- define "polymoat.workloads" -}}
- apiGroups: [apps]
  apiVersions: ["*"]
  resources: [deployments, statefulsets, daemonsets, replicasets, controllerrevisions]
  operations: [CREATE, UPDATE]
  scope: Namespaced
- {apiGroups: [""], apiVersions: ["*"], resources: [replicationcontrollers], operations: [CREATE, UPDATE], scope: Namespaced}
- {apiGroups: [batch], apiVersions: ["*"], resources: [jobs, cronjobs], operations: [CREATE, UPDATE], scope: Namespaced}
- apiGroups: [apps]
  apiVersions: ["*"]
  resources: [deployments/status, statefulsets/status, daemonsets/status, replicasets/status]
  operations: [UPDATE]
  scope: Namespaced
- {apiGroups: [""], apiVersions: ["*"], resources: [replicationcontrollers/status], operations: [UPDATE], scope: Namespaced}
- {apiGroups: [batch], apiVersions: ["*"], resources: [jobs/status, cronjobs/status], operations: [UPDATE], scope: Namespaced}
- {apiGroups: [core.polyaxon.com], apiVersions: ["*"], resources: [operations], operations: [CREATE, UPDATE], scope: Namespaced}
- apiGroups: [polyaxon.com]
  apiVersions: ["*"]
  resources: [jobs, services, kfjobs, clusters]
  operations: [CREATE, UPDATE]
  scope: Namespaced
- apiGroups: [kubeflow.org]
  apiVersions: ["*"]
  resources: [tfjobs, pytorchjobs, mpijobs, mxjobs, mxnetjobs, xgboostjobs, paddlejobs]
  operations: [CREATE, UPDATE]
  scope: Namespaced
- {apiGroups: [ray.io], apiVersions: ["*"], resources: [rayjobs, rayclusters, rayservices], operations: [CREATE, UPDATE], scope: Namespaced}
- apiGroups: [kubernetes.dask.org]
  apiVersions: ["*"]
  resources: [daskjobs, daskclusters, daskworkergroups]
  operations: [CREATE, UPDATE]
  scope: Namespaced
# A group of pods evicts by a priority of its own, and may be created after its pods.
- apiGroups: [scheduling.k8s.io]
  apiVersions: ["*"]
  resources: [podgroups, compositepodgroups, workloads]
  operations: [CREATE, UPDATE]
  scope: Namespaced
{{- end }}

{{/* Holds for a new pod that the policy knows for Polyaxon's own by the labels of its charts, and that a built-in
controller asks for: its template was judged when its workload was written, and that webhook fails closed. A run that
carries such labels beside its own is no such pod. Helm hooks and bundled dependencies are told by names that anybody may
give: they wait like everything else. The names of its users are the built-in controllers' own: nobody else has them. */}}
{{- define "polymoat.coreByController" -}}
request.resource.group == "" && request.resource.resource == "pods" && request.operation == "CREATE" &&
(!has(request.subResource) || request.subResource == "") &&
request.namespace in {{ include "polymoat.openNamespaces" . }} &&
request.userInfo.username in [
"system:serviceaccount:kube-system:replicaset-controller",
"system:serviceaccount:kube-system:replication-controller",
"system:serviceaccount:kube-system:statefulset-controller",
"system:serviceaccount:kube-system:daemon-set-controller",
"system:serviceaccount:kube-system:job-controller",
"system:kube-controller-manager"] &&
(object.metadata.?labels["app.kubernetes.io/part-of"].orValue("") == "polyaxon-core" ||
object.metadata.?labels["type"].orValue("") in ["polyaxon-core", "polyaxon-metrics"]) &&
!(object.metadata.?labels["app.kubernetes.io/part-of"].orValue("") in ["polyaxon-runs", "polyaxon-runner"]) &&
!(object.metadata.?labels["type"].orValue("") in ["polyaxon-runner", "polyaxon-experiment"])
{{- end }}

{{/* Holds where two objects have the same fields with the same values, but for some. */}}
{{- define "polymoat.sameBut" -}}
{{ .a }}.all(k, k in {{ toJson .but }} || (k in {{ .b }} && {{ .a }}[k] == {{ .b }}[k])) &&
{{ .b }}.all(k, k in {{ toJson .but }} || k in {{ .a }})
{{- end }}

{{/* Holds where something does of every webhook a and the webhook b of that name which was there before. */}}
{{- define "polymoat.eachWebhook" -}}
variables.after.all(a, variables.before.exists(b, a.name == b.name &&
{{ . }}))
{{- end }}
