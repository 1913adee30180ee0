package native

import (
	"strings"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// standard are the variables behind the rules about rights.
func (in *installation) standard() []variable {
	levels := perHard(in, func(r v1alpha1.Role) (string, bool) { return string(r.PodSecurity), true })
	return []variable{
		{"level", "the Pod Security Standard that it is held to", say(`<of>[variables.hard]`, "of", lit(levels))},
		{"judged", "whether the pod as a whole is held to it: new, or of another role", `variables.renamed`},
		{"held", "the containers that are held to it", `variables.judged ? object.spec.containers + object.spec.?initContainers.orValue([]) + object.spec.?ephemeralContainers.orValue([]) : variables.debuggers`},
		{"strict", "those that are held to the restricted standard", say(`variables.held.filter(c, (<exempt> ? <of>[variables.soft] : variables.level) == "restricted")`,
			"exempt", exempt("c"), "of", lit(levels))},
		{"contexts", "the security contexts of those that are held to baseline or more", say(`variables.held.filter(c, (<exempt> ? <of>[variables.soft] : variables.level) != "privileged" &&
has(c.securityContext)).map(c, c.securityContext)`, "exempt", exempt("c"), "of", lit(levels))},
		{"standardPod", "whether the pod as a whole meets the standard", standardPod},
		{"standardIdentity", "whether its identity does; where run-as-root says no, that is enough", `variables.level != "restricted" || !variables.okRunAsRoot ||
object.spec.?hostUsers.orValue(true) == false || (!variables.judged || variables.podContext.?runAsUser.orValue(1) != 0 && variables.podContext.?runAsNonRoot.orValue(true)) &&
variables.strict.all(c, c.?securityContext.runAsUser.orValue(1) != 0 && c.?securityContext.runAsNonRoot.orValue(variables.podContext.?runAsNonRoot.orValue(false)))`},
		{"standardContainers", "whether its containers meet the standard", say(standardContainers, "exempt", exempt("c"), "of", lit(levels))},
		{"standardVolumes", "whether its volumes do", in.standardVolumes()},
	}
}

const standardPod = `!variables.judged || !object.spec.?hostNetwork.orValue(false) && !object.spec.?hostPID.orValue(false) &&
!object.spec.?hostIPC.orValue(false) && !variables.podContext.?windowsOptions.hostProcess.orValue(false) &&
variables.podContext.?sysctls.orValue([]).all(s, s.name in ["kernel.shm_rmid_forced",
"net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start",
"net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
"net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem", "net.ipv4.tcp_slow_start_after_idle",
"net.ipv4.tcp_notsent_lowat"]) &&
variables.podContext.?seccompProfile.type.orValue("RuntimeDefault") in ["RuntimeDefault", "Localhost"] &&
variables.podContext.?appArmorProfile.type.orValue("RuntimeDefault") in ["RuntimeDefault", "Localhost"] &&
variables.podContext.?seLinuxOptions.type.orValue("") in ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"] &&
variables.podContext.?seLinuxOptions.user.orValue("") == "" && variables.podContext.?seLinuxOptions.role.orValue("") == "" &&
variables.annotations.all(k, v, !k.startsWith("container.apparmor.security.beta.kubernetes.io/") ||
v in ["", "runtime/default"] || v.startsWith("localhost/"))`

const standardContainers = `variables.contexts.all(s, !s.?privileged.orValue(false) && !s.?windowsOptions.hostProcess.orValue(false) &&
s.?capabilities.add.orValue([]).all(a, a in ["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID",
"KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"]) &&
s.?seccompProfile.type.orValue("RuntimeDefault") in ["RuntimeDefault", "Localhost"] &&
s.?appArmorProfile.type.orValue("RuntimeDefault") in ["RuntimeDefault", "Localhost"] &&
s.?seLinuxOptions.type.orValue("") in ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"] &&
s.?seLinuxOptions.user.orValue("") == "" && s.?seLinuxOptions.role.orValue("") == "" &&
(!object.spec.?hostUsers.orValue(true) || s.?procMount.orValue("Default") == "Default")) &&
variables.strict.all(c, (!c.?securityContext.allowPrivilegeEscalation.orValue(true) || c.?securityContext.privileged.orValue(false)) &&
"ALL" in c.?securityContext.capabilities.drop.orValue([]) &&
c.?securityContext.capabilities.add.orValue([]).all(a, a == "NET_BIND_SERVICE") &&
c.?securityContext.seccompProfile.or(variables.podContext.?seccompProfile).hasValue() &&
c.?securityContext.procMount.orValue("Default") == "Default") &&
variables.held.filter(c, (<exempt> ? <of>[variables.soft] : variables.level) != "privileged").all(c, c.?ports.orValue([]).all(p, p.?hostPort.orValue(0) == 0) &&
[?c.?livenessProbe, ?c.?readinessProbe, ?c.?startupProbe, ?c.?lifecycle.postStart, ?c.?lifecycle.preStop].all(h,
h.?httpGet.host.orValue("") == "" && h.?tcpSocket.host.orValue("") == ""))`

// standardVolumes is an expression that holds where volumes meet the standard, host paths that the role may mount aside.
func (in *installation) standardVolumes() string {
	table := perHard(in, func(r v1alpha1.Role) (map[string]string, bool) {
		patterns := map[string]string{"anyone": pathsOf(r, v1alpha1.FromAnyone), "requester": pathsOf(r, v1alpha1.FromRequester)}
		return patterns, len(r.HostPaths) > 0
	})
	return say(`!variables.judged || [<table>].map(paths, object.spec.?volumes.orValue([]).all(v, has(v.hostPath) ?
v.hostPath.path.matches(paths.anyone) || variables.requester && v.hostPath.path.matches(paths.requester) :
variables.level != "restricted" || has(v.configMap) || has(v.csi) || has(v.downwardAPI) || has(v.emptyDir) || has(v.ephemeral) ||
has(v.image) || has(v.persistentVolumeClaim) || has(v.projected) || has(v.secret)))[0]`,
		"table", forRole(table, `{"anyone": "^$.", "requester": "^$."}`))
}

// pathsOf is a pattern for the host paths of a role, in whatever longer form; "^$." matches nothing.
func pathsOf(r v1alpha1.Role, from v1alpha1.HostPathFrom) string {
	var patterns []string
	for _, p := range r.HostPaths {
		if p.From != from {
			continue
		}
		text := each(strings.Split(strings.Trim(p.Path, "/"), "/"), func(part string) string { return `/+(\./+)*` + literally(part) })
		if p.SubPaths {
			text += `(/.*)?`
		}
		patterns = append(patterns, text+`(/+\.)*/*`)
	}
	if len(patterns) == 0 {
		return "^$."
	}
	return `(?s)^(` + strings.Join(patterns, "|") + `)$`
}
