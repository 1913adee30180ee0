package siege

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Server is an API server, as one user reaches it: the client authenticates.
type Server struct {
	Client *http.Client
	Host   string // "https://127.0.0.1:6443"
}

// answer is what an API server says: Status is set where it refuses.
type answer struct {
	code   int
	body   []byte
	status metav1.Status
}

// get reads a list into the value, and leaves it empty where the user may not see it.
func (s Server) get(ctx context.Context, path string, into any) error {
	a, err := s.send(ctx, http.MethodGet, path, "", nil)
	if err != nil || a.code != http.StatusOK {
		return err
	}
	return json.Unmarshal(a.body, into)
}

// try sends a request of an attack as a dry-run.
func (s Server) try(ctx context.Context, r Request, t target) (answer, error) {
	method, path := http.MethodPost, r.Create
	switch {
	case r.Patch != "":
		method, path = http.MethodPatch, r.Patch
	case r.Delete != "":
		method, path = http.MethodDelete, r.Delete
	}
	if !strings.HasPrefix(path, "/") {
		path = "/api/v1/namespaces/$namespace/" + path
	}
	path, err := t.fill(path)
	if err != nil {
		return answer{}, err
	}
	body, err := t.fill(string(r.Body))
	if err == nil && r.Create == "pods" {
		body, err = dress(body)
	}
	if err != nil {
		return answer{}, err
	}
	return s.send(ctx, method, path+"?dryRun=All", contentType(r), []byte(body))
}

// contentType tells the API server how to read the body.
func contentType(r Request) string {
	switch {
	case r.Patch == "":
		return "application/json"
	case bytes.HasPrefix(r.Body, []byte("[")):
		return "application/json-patch+json"
	default:
		return "application/strategic-merge-patch+json"
	}
}

func (s Server) send(ctx context.Context, method, path, contentType string, body []byte) (answer, error) {
	target, err := url.Parse(strings.TrimSuffix(s.Host, "/") + path)
	if err != nil {
		return answer{}, err
	}
	request, err := http.NewRequestWithContext(ctx, method, target.String(), bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Accept", "application/json")
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := s.Client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	a := answer{code: response.StatusCode}
	if a.body, err = io.ReadAll(response.Body); err != nil || a.code < http.StatusBadRequest {
		return a, err
	}
	if err := json.Unmarshal(a.body, &a.status); err != nil || a.code == http.StatusUnauthorized || a.code >= http.StatusInternalServerError {
		return a, fmt.Errorf("%s %s: the API server answers %d: %s", method, path, a.code, strings.TrimSpace(string(a.body)))
	}
	return a, nil
}
