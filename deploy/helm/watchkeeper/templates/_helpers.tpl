{{/* Name of everything of a release. */}}
{{- define "watchkeeper.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 48 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 48 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels that select; they never change. Takes a dict with root and role. */}}
{{- define "watchkeeper.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end -}}

{{- define "watchkeeper.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{ include "watchkeeper.selector" . }}
{{- end -}}

{{/* The settings file of the server's processes. */}}
{{- define "watchkeeper.settings" -}}
{{- $file := dict "databaseUrl" "file:/etc/watchkeeper/secrets/database/url" -}}
{{- with .Values.publicUrl }}{{- $_ := set $file "publicUrl" . -}}{{- end -}}
{{- if eq .Values.eventLog.driver "kafka" -}}
{{- $log := dict "driver" "kafka" "partitions" (int .Values.eventLog.partitions) -}}
{{- $topic := .Values.eventLog.kafka -}}
{{- $_ := set $log "kafka" (dict "topic" $topic.topic "replicas" (int $topic.replicas) "minInSyncReplicas" (int $topic.minInSyncReplicas) "compression" $topic.compression) -}}
{{- $_ := set $file "eventLog" $log -}}
{{- if not .Values.kafka.brokers }}{{- fail "kafka.brokers: say which brokers the log driver kafka uses" }}{{- end -}}
{{- $kafka := dict "brokers" .Values.kafka.brokers -}}
{{- if .Values.kafka.tls.existingSecret -}}
{{- $tls := dict "ca" "/etc/watchkeeper/secrets/kafka-tls/ca.crt" -}}
{{- if .Values.kafka.tls.isMutual -}}
{{- $_ := set $tls "certificate" "/etc/watchkeeper/secrets/kafka-tls/tls.crt" -}}
{{- $_ := set $tls "key" "/etc/watchkeeper/secrets/kafka-tls/tls.key" -}}
{{- end -}}
{{- $_ := set $kafka "tls" $tls -}}
{{- end -}}
{{- if .Values.kafka.sasl.mechanism -}}
{{- $_ := set $kafka "sasl" (dict "mechanism" .Values.kafka.sasl.mechanism "username" .Values.kafka.sasl.username "password" "file:/etc/watchkeeper/secrets/kafka-sasl/password") -}}
{{- end -}}
{{- $_ := set $file "kafka" $kafka -}}
{{- end -}}
{{- if gt (int .Values.roles.listener.replicas) 0 -}}
{{- $all := dict "host" "0.0.0.0" -}}
{{- $_ := set $file "listeners" (dict "statsd" $all "graphite" (deepCopy $all) "line-protocol-udp" (deepCopy $all)) -}}
{{- end -}}
{{- mergeOverwrite $file (deepCopy .Values.settings) | toYaml -}}
{{- end -}}

{{/* The settings file of the remote zone. */}}
{{- define "watchkeeper.remoteSettings" -}}
{{- $zone := .Values.remoteZone -}}
{{- if not $zone.zones }}{{- fail "remoteZone.zones: say which zones are watched from here" }}{{- end -}}
{{- $file := dict "server" (required "remoteZone.server: say which server the zone reports to" $zone.server) "key" "file:/etc/watchkeeper/secrets/server/key" "roles" (list "scheduler") "zones" $zone.zones -}}
{{- mergeOverwrite $file (deepCopy (omit .Values.settings "production" "retention" "mail")) | toYaml -}}
{{- end -}}

{{/* Secrets as files, for the server's processes: dicts with name, secret, and items when keys are renamed. */}}
{{- define "watchkeeper.secretVolumes" -}}
- name: secret-database
  secret:
    secretName: {{ required "database.existingSecret: name the secret that holds the address of the database" .Values.database.existingSecret }}
    defaultMode: 0440
    items:
      - key: {{ .Values.database.key }}
        path: url
{{- if eq .Values.eventLog.driver "kafka" }}
{{- with .Values.kafka.tls.existingSecret }}
- name: secret-kafka-tls
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- with .Values.kafka.sasl.existingSecret }}
- name: secret-kafka-sasl
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- end }}
{{- range .Values.secretFiles }}
- name: secret-{{ . }}
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- end -}}

{{- define "watchkeeper.secretMounts" -}}
{{- $names := list "database" -}}
{{- if and (eq .Values.eventLog.driver "kafka") .Values.kafka.tls.existingSecret }}{{- $names = append $names "kafka-tls" }}{{- end -}}
{{- if and (eq .Values.eventLog.driver "kafka") .Values.kafka.sasl.existingSecret }}{{- $names = append $names "kafka-sasl" }}{{- end -}}
{{- range concat $names .Values.secretFiles }}
- name: secret-{{ . }}
  mountPath: /etc/watchkeeper/secrets/{{ . }}
  readOnly: true
{{- end }}
{{- end -}}

{{/* What every pod has in common: a user without rights, and where it may run. */}}
{{- define "watchkeeper.pod" -}}
serviceAccountName: {{ include "watchkeeper.name" . }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* What every container has in common. Health and metrics answer on a port of their own, whatever the role. */}}
{{- define "watchkeeper.container" -}}
image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  capabilities:
    drop: [ALL]
startupProbe:
  httpGet: { path: /health/live, port: health }
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /health/live, port: health }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /health/ready, port: health }
  periodSeconds: 5
  timeoutSeconds: 5
{{- end -}}
