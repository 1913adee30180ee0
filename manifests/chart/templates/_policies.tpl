{{/* The files of the policies, by their names in the folder that the server reads. Values that
cannot work are refused here, too. */}}
{{- define "polymoat.policyFiles" -}}
{{- if and .Values.native.installed (semverCompare "<1.36.0-0" .Capabilities.KubeVersion.Version) }}
{{- fail (printf "\n\nnative.installed: Kubernetes %s serves no MutatingAdmissionPolicies, so the native twin cannot be there: it needs 1.36; set it to false" .Capabilities.KubeVersion.Version) }}
{{- end }}
{{- $files := dict }}
{{- range $i, $policy := .Values.policies }}
{{- $file := printf "%s.yaml" $policy.metadata.name }}
{{- if hasKey $files $file }}
{{- fail (printf "\n\npolicies[%d].metadata.name: %q names an earlier policy, too; rename one" $i $policy.metadata.name) }}
{{- end }}
{{- range $j, $namespace := $policy.spec.namespaces }}
{{- if has $namespace (list "kube-system" $.Release.Namespace) }}
{{- fail (printf "\n\npolicies[%d].spec.namespaces[%d]: %q is never governed: the cluster and polymoat itself must start without polymoat; remove it, or install polymoat into a namespace of its own with --namespace polymoat-system" $i $j $namespace) }}
{{- end }}
{{- end }}
{{- $pools := list }}
{{- range $policy.spec.nodePools }}{{ $pools = append $pools .name }}{{ end }}
{{- range $j, $role := $policy.spec.roles }}
{{- range $k, $pool := $role.nodePools }}
{{- if not (has $pool $pools) }}
{{- fail (printf "\n\npolicies[%d].spec.roles[%d].nodePools[%d]: %q is no node pool of the policy; name one of %s" $i $j $k $pool ($pools | toJson)) }}
{{- end }}
{{- end }}
{{- end }}
{{- $document := merge (deepCopy $policy) (dict "apiVersion" "polymoat.io/v1alpha1" "kind" "PlacementPolicy") }}
{{- $_ := set $files $file (toYaml $document) }}
{{- end }}
{{- toYaml $files }}
{{- end }}

{{/* A policy of another content is another ConfigMap: a replica never starts with a policy that its Deployment did not name. */}}
{{- define "polymoat.policyName" -}}
{{ include "polymoat.name" . }}-policy-{{ include "polymoat.policyFiles" . | sha256sum | trunc 10 }}
{{- end }}

{{/* All governed namespaces, as a list. */}}
{{- define "polymoat.namespaces" -}}
{{- $namespaces := list }}
{{- range .Values.policies }}{{ $namespaces = concat $namespaces .spec.namespaces }}{{ end }}
{{- $namespaces | uniq | toJson }}
{{- end }}

{{/* The namespaces in which the rights for audit, events and reports are bound, as a list; "" is everywhere. A cluster that
is not asked, by helm template, has no namespaces. */}}
{{- define "polymoat.bindingNamespaces" -}}
{{- $namespaces := include "polymoat.namespaces" . | fromJsonArray }}
{{- $there := eq .Values.rbac.scope "namespaces" }}
{{- if eq .Values.rbac.scope "auto" }}
{{- $there = true }}
{{- range $namespaces }}{{ if not (lookup "v1" "Namespace" "" .) }}{{ $there = false }}{{ end }}{{ end }}
{{- end }}
{{- if $there }}{{ $namespaces | toJson }}{{ else }}[""]{{ end }}
{{- end }}

{{/* The governed namespaces whose core pods may be created while polymoat is away, as a list. A policy that replaces the
signals of core is none of them, whatever it says: there the labels of Polyaxon's charts prove nothing. */}}
{{- define "polymoat.openNamespaces" -}}
{{- $namespaces := list }}
{{- range .Values.policies }}
{{- $open := ne (.spec.coreFailurePolicy | default "Ignore") "Fail" }}
{{- range .spec.roles }}
{{- if and (eq .name "core") (eq (dig "match" "mode" "" .) "Replace") }}{{ $open = false }}{{ end }}
{{- end }}
{{- if $open }}{{ $namespaces = concat $namespaces .spec.namespaces }}{{ end }}
{{- end }}
{{- $namespaces | uniq | toJson }}
{{- end }}

{{/* The PriorityClasses that the policies name for core and that are this release's to make, with their values. One that
others made is the cluster's own; Kubernetes keeps names with "system-" for itself. */}}
{{- define "polymoat.corePriorityClasses" -}}
{{- $classes := dict }}
{{- range .Values.policies }}
{{- $name := .spec.corePriorityClassName | default "" }}
{{- $there := dict }}
{{- if $name }}{{ $there = lookup "scheduling.k8s.io/v1" "PriorityClass" "" $name }}{{ end }}
{{- $release := dig "metadata" "annotations" "meta.helm.sh/release-name" $.Release.Name $there }}
{{- $own := and (eq $release $.Release.Name) (or (not $there) (eq (dig "metadata" "labels" "app.kubernetes.io/name" "" $there) "polymoat")) }}
{{- if and $name $.Values.corePriorityClass.create $own (not (hasPrefix "system-" $name)) }}
{{- $_ := set $classes $name (dict "name" $name "value" (int64 (dig "value" $.Values.corePriorityClass.value $there))) }}
{{- end }}
{{- end }}
{{- values $classes | toJson }}
{{- end }}

{{/* The first protected node pool of the first policy: Polyaxon's own nodes, and polymoat's. Empty where there is none. */}}
{{- define "polymoat.corePool" -}}
{{- $core := dict }}
{{- range (first .Values.policies).spec.nodePools }}
{{- if and .protected (not $core) }}{{ $core = . }}{{ end }}
{{- end }}
{{- toYaml $core }}
{{- end }}

{{/* What a pod needs to run there. */}}
{{- define "polymoat.coreTolerations" -}}
{{- $tolerations := list }}
{{- range (include "polymoat.corePool" . | fromYaml).taints }}
{{- $tolerations = append $tolerations (dict "key" .key "operator" "Equal" "value" (.value | default "") "effect" .effect) }}
{{- end }}
{{- toYaml $tolerations }}
{{- end }}
