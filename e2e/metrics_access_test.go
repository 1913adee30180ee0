package e2e_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/e2e/check"
	"github.com/polymoat/polymoat/e2e/cluster"
)

// TestMetricsAreForReaders: metrics are for those that RBAC lets get their URL, by the ClusterRole of the chart or any other.
func TestMetricsAreForReaders(t *testing.T) {
	url := "https://" + serveMetrics(t) + "/metrics"
	check.Must(t, control.Await("the metrics' port", func(ctx context.Context) error {
		_, _, err := getWith(ctx, url, "")
		return err
	}))
	tenant := control.As(cluster.Tenant).BearerToken
	for name, tc := range map[string]struct {
		token string
		code  int
		text  string
	}{
		"nobody":      {"", 401, "metrics are for callers with the token of a service account that may get the URL /metrics\n"},
		"a stranger":  {"made-up", 401, "the API server does not know the token\n"},
		"a tenant":    {tenant, 403, fmt.Sprintf("user %q may not get the URL /metrics; bind it to a ClusterRole that lets it\n", cluster.Tenant)},
		"the cluster": {control.As(cluster.Admin).BearerToken, 200, "polymoat_build_info"},
	} {
		code, text, err := getWith(t.Context(), url, tc.token)
		if err != nil || code != tc.code || !strings.Contains(text, tc.text) {
			t.Errorf("%s is answered %d %.200s (%v), want %d %s", name, code, text, err, tc.code, tc.text)
		}
	}
	create(t, as(t, cluster.Admin), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "tenant-reads-metrics"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "polymoat-metrics-reader"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: cluster.Tenant}},
	})
	check.Must(t, control.Await("a tenant that may read metrics", func(ctx context.Context) error {
		code, text, err := getWith(ctx, url, tenant)
		if err == nil && code != http.StatusOK {
			err = fmt.Errorf("answered %d %.200s", code, text)
		}
		return err
	}))
}

// serveMetrics runs a server whose metrics are not for anybody, until the test ends, and returns their address.
func serveMetrics(t *testing.T) (address string) {
	t.Helper()
	address = check.FreeAddress(t)
	_, port, _ := net.SplitHostPort(check.FreeAddress(t))
	cmd := exec.Command(server, "--kubeconfig", control.Kubeconfig(cluster.Admin), "--port", port, "--metrics-bind-address", address,
		"--cert-dir", t.TempDir(), "--shutdown-delay", "0s")
	var log bytes.Buffer
	cmd.Stderr, cmd.SysProcAttr = &log, cluster.ChildAttributes()
	check.Must(t, cmd.Start())
	t.Cleanup(func() {
		if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()); err != nil {
			t.Errorf("%v\n%s", err, &log)
		}
	})
	return address
}

// getWith asks with a token; none where it is empty.
func getWith(ctx context.Context, url, token string) (code int, text string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // a test on loopback
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}
