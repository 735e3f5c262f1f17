{{- define "sae-match.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "sae-match.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "sae-match.labels" -}}
{{ include "sae-match.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "sae-match.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (ternary (include "sae-match.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{/* Image of a pool: (dict "root" $ "pool" $pool). */}}
{{- define "sae-match.image" -}}
{{- $image := .root.Values.image }}
{{- $digest := ternary $image.cudaDigest $image.digest (default false .pool.cuda) }}
{{- if $digest }}{{ $image.repository }}@{{ $digest }}
{{- else }}{{ $image.repository }}:{{ $image.tag | default .root.Chart.AppVersion }}{{ if .pool.cuda }}-cuda{{ end }}{{ end }}
{{- end }}

{{/* Above what the worker itself may take: its grace and 15 seconds for what it then asks to stop. */}}
{{- define "sae-match.terminationSeconds" -}}
{{- add .Values.worker.graceSeconds 15 .Values.worker.terminationMarginSeconds }}
{{- end }}

{{/* Secrets are named and never held here. */}}
{{- define "sae-match.env" -}}
- { name: TEMPORAL_ADDRESS, value: {{ .Values.temporal.address | quote }} }
- { name: TEMPORAL_NAMESPACE, value: {{ .Values.temporal.namespace | quote }} }
- { name: SAE_MATCH_TASK_QUEUE, value: {{ .Values.taskQueue | quote }} }
- { name: SAE_MATCH_HOME, value: /var/lib/sae-match }
- { name: SAE_MATCH_CACHE, value: /var/cache/sae-match }
- { name: SAE_MATCH_CACHE_LIMIT, value: {{ printf "%sB" .Values.cache.sizeLimit | quote }} }
{{- with .Values.temporal.apiKeySecret }}{{ if .name }}
- name: TEMPORAL_API_KEY
  valueFrom: { secretKeyRef: { name: {{ .name }}, key: {{ .key }} } }
{{- end }}{{ end }}
{{- with .Values.temporal.tls }}{{ if .enabled }}
- { name: TEMPORAL_TLS, value: 'true' }
{{- if .serverName }}
- { name: TEMPORAL_TLS_SERVER_NAME, value: {{ .serverName | quote }} }
{{- end }}
{{- if .secretName }}
- { name: TEMPORAL_TLS_SERVER_CA_CERT_PATH, value: /etc/sae-match/tls/ca.crt }
{{- if .clientCertificate }}
- { name: TEMPORAL_TLS_CLIENT_CERT_PATH, value: /etc/sae-match/tls/tls.crt }
- { name: TEMPORAL_TLS_CLIENT_KEY_PATH, value: /etc/sae-match/tls/tls.key }
{{- end }}{{ end }}{{ end }}{{ end }}
{{- if .Values.googleCredentialsSecret.name }}
- { name: GOOGLE_APPLICATION_CREDENTIALS, value: /etc/sae-match/google/credentials.json }
{{- end }}
{{- with .Values.huggingFaceTokenSecret }}{{ if .name }}
- name: HF_TOKEN
  valueFrom: { secretKeyRef: { name: {{ .name }}, key: {{ .key }} } }
{{- end }}{{ end }}
{{- with .Values.webhookSecret }}{{ if .name }}
- name: SAE_MATCH_WEBHOOK_URL
  valueFrom: { secretKeyRef: { name: {{ .name }}, key: {{ .urlKey }} } }
- name: SAE_MATCH_WEBHOOK_SECRET
  valueFrom: { secretKeyRef: { name: {{ .name }}, key: {{ .secretKey }} } }
{{- end }}{{ end }}
{{- end }}
