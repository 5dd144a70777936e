{{/* The release's name: two releases, of two profiles, can be in one cluster. */}}
{{- define "nodefit.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "nodefit.selector" -}}
app.kubernetes.io/name: nodefit
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "nodefit.labels" -}}
{{ include "nodefit.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "nodefit.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* [reporter] with what other values mean for it, as YAML. */}}
{{- define "nodefit.reporter" -}}
{{- $reporter := deepCopy .Values.reporter -}}
{{- if eq (toString $reporter.heartbeat) "lease" -}}
{{- $_ := set $reporter "lease_namespace" ($reporter.lease_namespace | default .Release.Namespace) -}}
{{- end -}}
{{- if .Values.nodeReadinessRule.enabled -}}
{{- $_ := set $reporter "bootstrap" "yes" -}}
{{- end -}}
{{- if .Values.podMonitor.enabled -}}
{{- if regexMatch "^(127\\.|\\[::1\\]|$)" (toString ($reporter.listen | default "")) -}}
{{- $_ := set $reporter "listen" "0.0.0.0:9753" -}}
{{- end -}}
{{- end -}}
{{- toYaml $reporter -}}
{{- end -}}

{{/* Where the reporter listens; absent is the program's own default, empty is nowhere. */}}
{{- define "nodefit.listen" -}}
{{- $reporter := include "nodefit.reporter" . | fromYaml -}}
{{- if hasKey $reporter "listen" }}{{ $reporter.listen }}{{ else }}127.0.0.1:9753{{ end -}}
{{- end -}}
{{- define "nodefit.port" -}}
{{- include "nodefit.listen" . | splitList ":" | last -}}
{{- end -}}
{{/* The address to probe it at. */}}
{{- define "nodefit.probed" -}}
{{- $address := include "nodefit.listen" . | trimSuffix (printf ":%s" (include "nodefit.port" .)) | trimAll "[]" -}}
{{- if eq $address "0.0.0.0" }}127.0.0.1{{ else if eq $address "::" }}::1{{ else }}{{ $address }}{{ end -}}
{{- end -}}

{{- define "nodefit.conf" -}}
[agent]
{{- range $key, $value := .Values.agent }}
{{ $key }}={{ $value }}
{{- end }}

[reporter]
{{- range $key, $value := include "nodefit.reporter" . | fromYaml }}
{{ $key }}={{ if kindIs "bool" $value }}{{ ternary "yes" "no" $value }}{{ else }}{{ $value }}{{ end }}
{{- end }}
{{ end -}}
