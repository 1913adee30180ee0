// Package siege tries every way onto a core node that can be expressed as a request, against a real API server and with
// server-side dry-run only: nothing is ever stored.
//
// The attacks are data (attacks.yaml), numbered once and for all. Each is held, open, or not applicable:
//
//	31  kubectl debug of a node                   held  core-nodes, node-name, pod-security
//
// It asks the way any client does, so that what holds may be polymoat, another webhook, RBAC or the API server itself.
package siege

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"sigs.k8s.io/yaml"
)

//go:embed attacks.yaml
var attacks []byte

// Attack is one way onto a core node.
type Attack struct {
	Number int    `json:"number"`
	Title  string `json:"title"` // "kubectl debug of a node"
	// Requests are what it is tried with; NotApplicable says why it cannot be, and is empty where there are some.
	Requests      []Request `json:"requests,omitempty"`
	NotApplicable string    `json:"notApplicable,omitempty"`
}

// Request is one request to the API server. One of Create, Patch and Delete is a path: "pods", "/api/v1/nodes/$node".
type Request struct {
	Create string          `json:"create,omitempty"`
	Patch  string          `json:"patch,omitempty"`
	Delete string          `json:"delete,omitempty"`
	Body   json.RawMessage `json:"body,omitempty"`
	// Open says which answer leaves the attack open: empty for any that takes the request.
	Open Opening `json:"open,omitempty"`
}

// Opening is what makes an answer that takes a request an open door.
type Opening string

// The openings besides the empty one.
const (
	Lands   Opening = "lands"   // the pod in the answer could land on a protected node
	Allowed Opening = "allowed" // status.allowed of the answer is true
)

// Attacks are all attacks, by number.
func Attacks() ([]Attack, error) {
	var list []Attack
	if err := yaml.UnmarshalStrict(attacks, &list); err != nil {
		return nil, fmt.Errorf("attacks.yaml: %w", err)
	}
	return list, nil
}
