package input

import (
	"context"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
)

// Facts of a cluster are those that the webhook has, too, when it decides. Whoever may not see them gets the answer of
// a decision without them, and a note that says so.
type Facts struct {
	*Connection
	reader Reader
	nodes  map[string]*landing.Node
}

// NewFacts are those of the cluster, of which nothing has been read.
func NewFacts(n *Connection, r Reader) *Facts { return &Facts{n, r, map[string]*landing.Node{}} }

// node is the node of that name; nil where it is not known.
func (f *Facts) node(name string) *landing.Node {
	if known, asked := f.nodes[name]; asked || name == "" {
		return known
	}
	f.nodes[name] = f.ask(name)
	return f.nodes[name]
}

func (f *Facts) ask(name string) *landing.Node {
	client, err := f.Client(corev1.SchemeGroupVersion)
	if err == nil {
		node := &corev1.Node{}
		if err = client.Get().Resource("nodes").Name(name).Do(context.Background()).Into(node); err == nil {
			return LandingNode(node)
		}
	}
	f.reader.Tell("note: node %q is not known: %v\n", name, f.Remedy(err))
	return nil
}

// LandingNode is what landing has to know of a node.
func LandingNode(node *corev1.Node) *landing.Node {
	return &landing.Node{Name: node.Name, Labels: node.Labels, Taints: node.Spec.Taints}
}

// Decide is Review with what is known of the cluster; f is nil without one.
func (f *Facts) Decide(p *policy.Policy, r policy.Request) (policy.Decision, error) {
	if f == nil {
		return p.Review(r), nil
	}
	r.Node = f.node(r.Pod.Spec.NodeName)
	d := p.Review(r)
	if !d.ClaimsCore() {
		return d, nil
	}
	var err error
	r.Trust, err = f.trust(r.User)
	return p.Review(r), err
}

// trust asks RBAC whether the user may "use" the role core. Where that may not be asked, nobody knows.
func (f *Facts) trust(user policy.UserInfo) (policy.Trust, error) {
	client, err := f.Client(authorizationv1.SchemeGroupVersion)
	if err != nil {
		return policy.TrustUnknown, err
	}
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: user.Name, Groups: user.Groups,
		ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "use", Group: "polymoat.io", Resource: "roles", Name: "core"},
	}}
	err = client.Post().Resource("subjectaccessreviews").Body(review).Do(context.Background()).Into(review)
	switch {
	case apierrors.IsForbidden(err):
		return policy.TrustUnknown, nil
	case err != nil:
		return policy.TrustUnknown, f.Remedy(err)
	case review.Status.Allowed && !review.Status.Denied:
		return policy.Trusted, nil
	}
	return policy.NotTrusted, nil
}
