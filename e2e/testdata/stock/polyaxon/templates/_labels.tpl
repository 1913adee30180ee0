{{- /* Labels of a component's pods. The argument is a list: the root, the component's name, what "role" or "component" says. */}}
{{- define "podLabels" }}
{{- $root := index . 0 }}{{ $name := printf "%s-polyaxon-%s" $root.Release.Name (index . 1) }}
{{- if $root.Values.classic }}
app: {{ $name }}
release: {{ $root.Release.Name }}
type: polyaxon-core
role: {{ index . 2 }}
app.kubernetes.io/name: {{ $name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
{{- else }}
app.kubernetes.io/name: {{ $name }}
release: {{ $root.Release.Name }}
heritage: {{ $root.Release.Service }}
app.kubernetes.io/instance: polyaxon-{{ $root.Values.version }}
app.kubernetes.io/version: {{ $root.Values.version }}
app.kubernetes.io/managed-by: helm
app.kubernetes.io/part-of: polyaxon-core
app.kubernetes.io/component: {{ index . 2 }}
{{- end }}
{{- end }}

{{- /* Labels of the objects themselves: classic ones have more than their pods. */}}
{{- define "labels" }}
{{- include "podLabels" . }}
{{- $root := index . 0 }}
{{- if $root.Values.classic }}
chart: polyaxon-{{ $root.Values.version }}
heritage: {{ $root.Release.Service }}
app.kubernetes.io/version: {{ $root.Values.version }}
app.kubernetes.io/part-of: polyaxon-core
app.kubernetes.io/component: {{ index . 2 }}
app.kubernetes.io/managed-by: helm
{{- end }}
{{- end }}

{{- /* By what a Service or a Deployment finds a component's pods. */}}
{{- define "selector" }}
{{- $root := index . 0 }}
app.kubernetes.io/name: {{ $root.Release.Name }}-polyaxon-{{ index . 1 }}
{{- if $root.Values.classic }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
{{- end }}
{{- end }}

{{- /* Core pods would rather be together; since 1.1.1 they have no such label. */}}
{{- define "affinity" }}
affinity:
  podAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
    - weight: 100
      podAffinityTerm:
        topologyKey: kubernetes.io/hostname
        labelSelector: {matchExpressions: [{key: type, operator: In, values: [polyaxon-core]}]}
{{- end }}
