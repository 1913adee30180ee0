package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/e2e/binaries"
	"github.com/polymoat/polymoat/e2e/check"
	"github.com/polymoat/polymoat/e2e/cluster"
)

// auditByPlugin runs the plugin as a program of its own, and returns the findings, a line of JSON each.
func auditByPlugin(t *testing.T, policy string) string {
	t.Helper()
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	program, err := binaries.Plugin(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "audit", "--policy", policy, "-o", "json", "--kubeconfig", control.Kubeconfig(cluster.Admin))
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	memory := watchMemory(cmd.Process.Pid)
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 1 || errOut.Len() > 0 {
		t.Fatalf("%v, want exit code 1\n%s", err, &errOut)
	}
	logCost(t, "the plugin", cmd, time.Since(start), memory())
	return out.String()
}

// watchMemory looks at the memory of a process until its result is called, and returns the most that it had, as text.
// What the system says of a process that has ended includes the memory of whoever started it.
func watchMemory(pid int) (most func() string) {
	latest, over, ended := "", make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			if now := peakMemory(pid); now != "" {
				latest = now
			}
			select {
			case <-over:
				return
			case <-tick.C:
			}
		}
	}()
	return func() string {
		close(over)
		<-ended
		return latest
	}
}

var peak = regexp.MustCompile(`(?m)^VmHWM:\s+(.+)$`)

// peakMemory is the most memory that a process has had, in the words of Linux: "91234 kB". Empty where it has ended.
func peakMemory(pid int) string {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if m := peak.FindSubmatch(status); err == nil && m != nil {
		return string(m[1])
	}
	return ""
}

// logCost says what a program that has ended took.
func logCost(t *testing.T, who string, cmd *exec.Cmd, span time.Duration, memory string) {
	t.Helper()
	t.Logf("%s audited %d pods on %d nodes in %s, with %s of CPU and at most %s of memory", who, *auditedPods, *auditedNodes,
		span.Round(time.Millisecond), (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Round(time.Millisecond), memory)
}

// countsOf counts by kind those of the findings that a server tells, too.
func countsOf(findings []string) map[string]int {
	counts := map[string]int{}
	for _, f := range findings {
		if kind, _, _ := strings.Cut(f, " "); kind != "runtime-class-opens-pool" && kind != "right-around-polymoat" {
			counts[kind]++
		}
	}
	return counts
}

// auditByServer runs a server whose policy governs the crowd, until it has listed all pods, and returns what it counts,
// by kind. Nobody asks it to review anything.
func auditByServer(t *testing.T, policy string) map[string]int {
	t.Helper()
	create(t, as(t, cluster.Admin), &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: auditedName, Name: "audit"}})
	review, metrics := check.FreeAddress(t), check.FreeAddress(t)
	_, port, _ := net.SplitHostPort(review)
	cmd := exec.Command(server, "--kubeconfig", control.Kubeconfig(cluster.Admin), "--policy", policy, "--audit-lease", auditedName+"/audit",
		"--port", port, "--metrics-bind-address", metrics, "--metrics-secure=false", "--cert-dir", t.TempDir(), "--shutdown-delay", "0s")
	var log bytes.Buffer
	cmd.Stderr, cmd.SysProcAttr = &log, cluster.ChildAttributes()
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var found map[string]int
	err := control.Await("the audit of a server", func(ctx context.Context) (err error) {
		found, err = scrapeFindings(ctx, "http://"+metrics+"/metrics")
		return err
	})
	span, memory := time.Since(start), peakMemory(cmd.Process.Pid)
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if err := errors.Join(err, cmd.Wait()); err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	logCost(t, "the server", cmd, span, memory)
	return found
}

// scrapeFindings are those that a server has counted, by kind; an error until it has listed all pods.
func scrapeFindings(ctx context.Context, url string) (map[string]int, error) {
	families, err := scrape(ctx, url)
	if err != nil {
		return nil, err
	}
	if families["polymoat_pods"] == nil {
		return nil, errors.New("the pods are not listed yet")
	}
	found := map[string]int{}
	for _, m := range families["polymoat_audit_findings"].GetMetric() {
		if n := int(m.GetGauge().GetValue()); n > 0 {
			found[labelsOf(m)["kind"]] += n
		}
	}
	return found, nil
}
