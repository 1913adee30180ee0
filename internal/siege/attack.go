// Package siege tries every known attack on core that can be expressed as a request, against a real API server and with
// server-side dry-run only: nothing is ever stored.
//
// The attacks are data (attacks.yaml), and their numbers never change. Each is held, open, or not applicable:
//
//	31  kubectl debug of a node                   held  core-nodes, node-name, pod-security
//
// It asks the way any client does, so that polymoat, another webhook, RBAC or the API server itself may hold an attack. A
// Tally counts them apart.
package siege

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"sigs.k8s.io/yaml"
)

//go:embed attacks.yaml
var attacks []byte

// Attack is one way onto a core node, or to become, replace or starve core.
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
	Allowed  Opening = "allowed"  // status.allowed of the answer is true
	Lands    Opening = "lands"    // the pod could land on a protected node
	Evicted  Opening = "evicted"  // the pod could evict a core pod
	Starved  Opening = "starved"  // room on a protected node is kept for the pod
	Endpoint Opening = "endpoint" // the pod would be an endpoint of a Service of core
	Replaced Opening = "replaced" // a workload of core would adopt the object
)

// Attacks are all attacks, by number.
func Attacks() ([]Attack, error) {
	var list []Attack
	if err := yaml.UnmarshalStrict(attacks, &list); err != nil {
		return nil, fmt.Errorf("attacks.yaml: %w", err)
	}
	return list, nil
}
