// Package replay rebuilds decisions from the audit log of an API server, and says what a policy of today would decide.
//
// Audit annotations tell every decision. To decide again takes the object, which the log holds from level Request on, as
// it was sent: before any webhook changed it. Of updates it lacks the old object, and of a cluster everything else, so
// that those are told and not decided again.
package replay

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/auditannotations"
	"github.com/polymoat/polymoat/internal/policy"
)

// event is the part of an Event of audit.k8s.io/v1 that is read.
type event struct {
	Kind             string            `json:"kind"`
	AuditID          string            `json:"auditID"`
	Stage            string            `json:"stage"`
	RequestURI       string            `json:"requestURI"`
	Verb             string            `json:"verb"`
	User             user              `json:"user"`
	ImpersonatedUser *user             `json:"impersonatedUser"`
	ObjectRef        *reference        `json:"objectRef"`
	RequestObject    json.RawMessage   `json:"requestObject"`
	Received         time.Time         `json:"requestReceivedTimestamp"`
	Annotations      map[string]string `json:"annotations"`
}

type user struct {
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
}

type reference struct {
	Resource    string `json:"resource"`
	Namespace   string `json:"namespace"`
	Name        string `json:"name"`
	Subresource string `json:"subresource"`
}

// Decision is one that an audit log tells. Its fields are a promise to programs: they are only ever added to.
type Decision struct {
	Time      time.Time                    `json:"time"`
	AuditID   string                       `json:"auditID"`
	User      string                       `json:"user"`
	Verb      string                       `json:"verb"`
	Resource  string                       `json:"resource"` // "pods", "pods/binding"
	Namespace string                       `json:"namespace"`
	Name      string                       `json:"name"` // or its generateName
	DryRun    bool                         `json:"dryRun,omitempty"`
	Was       auditannotations.AuditRecord `json:"was"`
	// Is is what would be decided today; nil where Unknown says why that cannot be told.
	Is      *auditannotations.AuditRecord `json:"is,omitempty"`
	Unknown string                        `json:"unknown,omitempty"`
	Differs bool                          `json:"differs"`
	// Sentence is what the user would read today where it is refused.
	Sentence string `json:"sentence,omitempty"`
}

// Line rebuilds the decision of one line of an audit log; false where polymoat decided nothing. The error says what of
// the line is no audit event.
func Line(p *policy.Policy, line []byte, today v1alpha1.Day) (Decision, bool, error) {
	var e event
	if err := json.Unmarshal(line, &e); err != nil {
		return Decision{}, false, fmt.Errorf("is no JSON object: %w", err)
	}
	if e.Kind != "Event" {
		return Decision{}, false, fmt.Errorf("is of kind %q, not an Event of audit.k8s.io/v1", e.Kind)
	}
	was, mutated, ok := auditannotations.Read(e.Annotations)
	if !ok || e.ObjectRef == nil || e.Stage != "ResponseComplete" && e.Stage != "Panic" {
		return Decision{}, false, nil
	}
	d := e.decision(was)
	pod, unknown := e.created()
	if unknown != "" {
		d.Unknown = unknown
		return d, true, nil
	}
	if d.Name == "" {
		d.Name = pod.GenerateName
	}
	again := e.again(p, pod, was, mutated, today)
	is := auditannotations.RecordOf(again)
	d.Is, d.Differs, d.Sentence = &is, !is.Same(was), again.Sentence(d.Name)
	return d, true, nil
}

func (e event) decision(was auditannotations.AuditRecord) Decision {
	d := Decision{
		Time: e.Received, AuditID: e.AuditID, User: e.asker().Username, Verb: e.Verb, Resource: e.ObjectRef.Resource,
		Namespace: e.ObjectRef.Namespace, Name: e.ObjectRef.Name, DryRun: strings.Contains(e.RequestURI, "dryRun=All"), Was: was,
	}
	if e.ObjectRef.Subresource != "" {
		d.Resource += "/" + e.ObjectRef.Subresource
	}
	return d
}

// asker is who is taken for the user.
func (e event) asker() user {
	if e.ImpersonatedUser != nil {
		return *e.ImpersonatedUser
	}
	return e.User
}

// created is the pod that the request creates; unknown says why it cannot be judged again.
func (e event) created() (pod *corev1.Pod, unknown string) {
	switch {
	case e.ObjectRef.Resource != "pods" || e.ObjectRef.Subresource != "":
		return nil, "only pods are decided on again"
	case e.Verb != "create":
		return nil, "the log does not hold the pod as it was before"
	case len(e.RequestObject) == 0:
		return nil, "the log does not hold the pod; audit pods at level Request"
	}
	pod = &corev1.Pod{}
	if err := json.Unmarshal(e.RequestObject, pod); err != nil {
		return nil, fmt.Sprintf("the pod does not decode: %v", err)
	}
	return pod, ""
}

// again decides as the webhooks did. Whether RBAC trusted the user is told by what was decided then.
func (e event) again(p *policy.Policy, pod *corev1.Pod, was auditannotations.AuditRecord, mutated bool, today v1alpha1.Day) policy.Decision {
	asker := e.asker()
	r := policy.Request{
		Namespace: e.ObjectRef.Namespace, User: policy.UserInfo{Name: asker.Username, Groups: asker.Groups}, Pod: pod, Today: today,
	}
	claimed := func(rule string) bool { return strings.HasPrefix(rule, "core-claim=") }
	if was.Role == v1alpha1.RoleCore && !slices.ContainsFunc(was.Rules, claimed) {
		r.Trust = policy.Trusted
	}
	if !mutated {
		return p.Validate(r)
	}
	return p.Review(r)
}
