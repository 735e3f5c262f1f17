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

{{/* How to reach Temporal. Secrets are named and never held here. */}}
{{- define "sae-match.temporalEnv" -}}
- { name: TEMPORAL_ADDRESS, value: {{ .Values.temporal.address | quote }} }
- { name: TEMPORAL_NAMESPACE, value: {{ .Values.temporal.namespace | quote }} }
- { name: SAE_MATCH_TASK_QUEUE, value: {{ .Values.taskQueue | quote }} }
- { name: SAE_MATCH_HOME, value: /var/lib/sae-match }
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
{{- if .authority }}
- { name: TEMPORAL_TLS_SERVER_CA_CERT_PATH, value: /etc/sae-match/tls/ca.crt }
{{- end }}
{{- if .clientCertificate }}
- { name: TEMPORAL_TLS_CLIENT_CERT_PATH, value: /etc/sae-match/tls/tls.crt }
- { name: TEMPORAL_TLS_CLIENT_KEY_PATH, value: /etc/sae-match/tls/tls.key }
{{- end }}{{ end }}{{ end }}{{ end }}
{{- end }}

{{- define "sae-match.env" -}}
{{ include "sae-match.temporalEnv" . }}
- { name: SAE_MATCH_CACHE, value: /var/cache/sae-match }
- { name: SAE_MATCH_CACHE_LIMIT, value: {{ printf "%sB" .Values.cache.sizeLimit | quote }} }
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
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Whether a pool takes work of one build only: (dict "root" $ "pool" $pool); empty: any. */}}
{{- define "sae-match.versioned" -}}
{{- if and .root.Values.versioning.deployment (ne .pool.versioned false) }}true{{ end }}
{{- end }}

{{/* Names as Temporal's Worker Controller has them. */}}
{{- define "sae-match.versionEnv" -}}
- { name: TEMPORAL_DEPLOYMENT_NAME, value: {{ .Values.versioning.deployment | quote }} }
{{- with .Values.versioning.buildId }}
- { name: TEMPORAL_WORKER_BUILD_ID, value: {{ . | quote }} }
{{- end }}
{{- end }}

{{- define "sae-match.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "sae-match.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{- define "sae-match.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "sae-match.tlsMount" -}}
{{- if and .Values.temporal.tls.enabled .Values.temporal.tls.secretName }}
- { name: tls, mountPath: /etc/sae-match/tls, readOnly: true }
{{- end }}
{{- end }}

{{- define "sae-match.tlsVolume" -}}
{{- if and .Values.temporal.tls.enabled .Values.temporal.tls.secretName }}
- { name: tls, secret: { secretName: {{ .Values.temporal.tls.secretName }}, defaultMode: 288 } }
{{- end }}
{{- end }}
