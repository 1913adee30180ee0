{{/* The name of everything: that of the release, unless it says nothing of polymoat. */}}
{{- define "polymoat.name" -}}
{{- if contains "polymoat" .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-polymoat{{ end }}
{{- end }}

{{/* By these the Service and the Deployment find their pods. */}}
{{- define "polymoat.selector" -}}
app.kubernetes.io/name: polymoat
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Helm adds who manages an object, when it does. */}}
{{- define "polymoat.labels" -}}
{{ include "polymoat.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{/* The annotations of an object: those of all, and those of its own, which are the second of the list. */}}
{{- define "polymoat.annotations" -}}
{{- with mergeOverwrite (dict) (index . 0).Values.commonAnnotations (index . 1 | default dict) }}
  annotations: {{- toYaml . | nindent 4 }}
{{- end }}
{{- end }}

{{- define "polymoat.image" -}}
{{- with .Values.image }}{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}{{ end }}
{{- end }}

{{/* Where certificates come from, auto decided. */}}
{{- define "polymoat.certificates" -}}
{{- if ne .Values.certificates.source "auto" }}{{ .Values.certificates.source }}
{{- else if .Capabilities.APIVersions.Has "cert-manager.io/v1" }}cert-manager
{{- else }}self-managed
{{- end }}
{{- end }}

{{- define "polymoat.secret" -}}
{{ .Values.certificates.secretName | default (printf "%s-tls" (include "polymoat.name" .)) }}
{{- end }}

{{/* The name for which the API server expects a certificate. */}}
{{- define "polymoat.host" -}}
{{- if .Values.webhookURL }}{{ (urlParse .Values.webhookURL).hostname }}
{{- else }}{{ include "polymoat.name" . }}.{{ .Release.Namespace }}.svc
{{- end }}
{{- end }}
