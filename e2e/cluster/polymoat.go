package cluster

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// System is the namespace of polymoat itself.
const System = "polymoat-system"

// Polymoat is a server to install.
type Polymoat struct {
	Binary string // the program
	Policy string // its policy file; empty: the built-in one
	// Manifests is the file of the shipped manifests: manifests/install.yaml.
	Manifests string
	// Configuration is the name of both webhook configurations; empty: polymoat.
	Configuration string
	// Namespaces are those that the API server asks about; nil: those of the manifests.
	Namespaces []string
	// TracingEndpoint is the collector to which it sends its spans, "HOST:PORT"; empty: it makes none.
	TracingEndpoint string
}

// Install runs polymoat beside the control plane and applies the shipped manifests: its service account and its rights
// first, its webhooks when it is ready. Services lead nowhere without kubelets, so the webhook configurations name the
// running server by URL, and it reaches the API server by a kubeconfig: those are the only differences.
func (c *Cluster) Install(p Polymoat) error {
	plain, webhooks, err := Manifests(p.Manifests)
	if err != nil {
		return err
	}
	if err := c.Create(plain...); err != nil {
		return err
	}
	server, err := c.Serve("polymoat", p)
	if err != nil {
		return err
	}
	c.installed = server
	for _, object := range webhooks {
		if err := PointAt(object, server.URL, server.CA, p.Namespaces); err != nil {
			return err
		}
	}
	return c.Create(webhooks...)
}

// Manifests reads the objects of a file: those that configure webhooks, and the others.
func Manifests(file string) (plain, webhooks []*unstructured.Unstructured, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	objects, err := Decode(string(text))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	for _, object := range objects {
		if strings.HasSuffix(object.GetKind(), "WebhookConfiguration") {
			webhooks = append(webhooks, object)
		} else {
			plain = append(plain, object)
		}
	}
	return plain, webhooks, nil
}

// Server is a running polymoat.
type Server struct {
	URL     string // https://127.0.0.1:9443, for reviews
	CA      []byte // what a client must trust there, in PEM
	Probes  string // "127.0.0.1:8081"
	Metrics string // "127.0.0.1:8443", without TLS
	PID     int    // its process
}

// Installed is the server that Install has started.
func (c *Cluster) Installed() Server { return c.installed }

// Serve runs a server, which makes itself a certificate, and waits until it is ready. No two servers have one name.
func (c *Cluster) Serve(name string, p Polymoat) (Server, error) {
	s, err := c.startPolymoat(c.file(name+"-tls"), p)
	if err != nil {
		return s, fmt.Errorf("start %s: %w", name, err)
	}
	return s, nil
}

// startPolymoat starts a server whose certificate lies in dir.
func (c *Cluster) startPolymoat(dir string, p Polymoat) (s Server, err error) {
	ports, err := freePorts(3)
	if err != nil {
		return s, err
	}
	s.Probes, s.Metrics = fmt.Sprintf("127.0.0.1:%d", ports[1]), fmt.Sprintf("127.0.0.1:%d", ports[2])
	args := []string{
		"--kubeconfig", c.kubeconfig(polymoat), "--port", fmt.Sprint(ports[0]), "--cert-dir", dir, "--shutdown-delay", "0s",
		"--health-probe-bind-address", s.Probes, "--metrics-bind-address", s.Metrics, "--metrics-secure=false",
		"--audit-lease", System + "/polymoat-audit", "--audit-reports", "--events",
	}
	if p.Policy != "" {
		args = append(args, "--policy", p.Policy)
	}
	if p.TracingEndpoint != "" {
		args = append(args, "--tracing-endpoint", p.TracingEndpoint)
	}
	if p.Configuration != "" {
		args = append(args, "--webhook-configuration", p.Configuration)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return s, err
	}
	if err := c.run(p.Binary, args...); err != nil {
		return s, err
	}
	s.PID = c.processes[len(c.processes)-1].cmd.Process.Pid
	s.URL = fmt.Sprintf("https://127.0.0.1:%d", ports[0])
	return s, c.Await("polymoat", func(ctx context.Context) error {
		if s.CA, err = os.ReadFile(filepath.Join(dir, "tls.crt")); err != nil {
			return err
		}
		return s.ready(ctx)
	})
}

// ready asks the server whether it is ready.
func (s Server) ready(ctx context.Context) error {
	_, err := s.Get(ctx, "/readyz")
	return err
}

// Get is what the server answers at a path of its metrics or its probes.
func (s Server) Get(ctx context.Context, path string) (string, error) {
	address := s.Probes
	if path == "/metrics" {
		address = s.Metrics
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s answers %s", request.URL, response.Status)
	}
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

// PointAt replaces the Service of each webhook by the URL of a server that runs on this machine. Without namespaces, the
// API server asks about those of the manifest.
func PointAt(object *unstructured.Unstructured, url string, ca []byte, namespaces []string) error {
	webhooks, found, err := unstructured.NestedSlice(object.Object, "webhooks")
	if err != nil || !found {
		return err
	}
	for _, webhook := range webhooks {
		fields := webhook.(map[string]any)
		path, _, _ := unstructured.NestedString(fields, "clientConfig", "service", "path")
		fields["clientConfig"] = map[string]any{"url": url + path, "caBundle": base64.StdEncoding.EncodeToString(ca)}
		if namespaces != nil {
			fields["namespaceSelector"] = selectByName(namespaces)
		}
	}
	return unstructured.SetNestedSlice(object.Object, webhooks, "webhooks")
}

func selectByName(namespaces []string) map[string]any {
	var values []any
	for _, namespace := range namespaces {
		values = append(values, namespace)
	}
	expression := map[string]any{"key": "kubernetes.io/metadata.name", "operator": "In", "values": values}
	return map[string]any{"matchExpressions": []any{expression}}
}
