package siege

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
)

// Options say what is besieged.
type Options struct {
	Server Server
	// Policy says which pools are protected, and tells Polyaxon's own pods from runs.
	Policy *v1alpha1.PlacementPolicy
	// Namespace is a governed namespace; empty: the policy's first.
	Namespace string
	// Node is the name of a protected node; empty: one that the user can see, else "core-1".
	Node string
	// User is who asks, for errors: "jane@example.com".
	User string
}

// Result is what came of one attack.
type Result struct {
	Attack  Attack
	Verdict Verdict
	By      Holder // who holds it; empty where it is not held
	// Why are the rules that hold it, what is open, or why it is not applicable.
	Why []string
}

// String is the result as one line.
func (r Result) String() string {
	return fmt.Sprintf("%2d  %-40s  %-4s  %s", r.Attack.Number, r.Attack.Title, r.Verdict, strings.Join(r.Why, ", "))
}

// Run tries every attack in order and reports each. The error says what keeps it from going on: a user who may not create
// pods shows nothing.
func Run(ctx context.Context, o Options, report func(Result)) error {
	list, err := Attacks()
	if err != nil {
		return err
	}
	s, err := newSiege(ctx, o)
	if err != nil {
		return err
	}
	for _, attack := range list {
		result, err := s.attack(ctx, attack)
		if err != nil {
			return fmt.Errorf("attack %d: %w", attack.Number, err)
		}
		report(result)
	}
	return nil
}

// siege is everything that attacks have in common.
type siege struct {
	server Server
	target target
	core   core
}

func newSiege(ctx context.Context, o Options) (*siege, error) {
	s := &siege{server: o.Server, core: core{pools: protected(o.Policy)}}
	if len(s.core.pools) == 0 {
		return nil, fmt.Errorf("policy %q protects no node pool: there is nothing to besiege", o.Policy.Metadata.Name)
	}
	first := s.core.pools[0]
	s.target = target{
		namespace: cmp.Or(o.Namespace, o.Policy.Spec.Namespaces[0]), node: o.Node, release: o.Policy.Spec.Release,
		key: first.Key, value: first.Value, tolerations: tolerationsOf(first.Taints), path: pathOfJobs(o.Policy),
	}
	decide, err := policy.New(o.Policy)
	if err != nil {
		return nil, err
	}
	for _, step := range []func() error{
		func() error { return s.mayTry(ctx, o.User) },
		func() error { return s.findNode(ctx) },
		func() error { return s.findPods(ctx, decide) },
		func() error { return s.findAccount(ctx, o.Policy) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	s.core.node = s.target.node
	return s, nil
}

// protected are the pools that the policy protects.
func protected(doc *v1alpha1.PlacementPolicy) []landing.Pool {
	var pools []landing.Pool
	for _, n := range doc.Spec.NodePools {
		if n.Protected {
			pools = append(pools, landing.Pool{Name: n.Name, Key: n.NodeLabel.Key, Value: n.NodeLabel.Value, Taints: n.Taints})
		}
	}
	return pools
}

// mayTry tells whether the user can do anything at all. A siege by somebody else looks held, and shows nothing.
func (s *siege) mayTry(ctx context.Context, user string) error {
	given, err := s.server.try(ctx, Request{Create: "pods", Body: []byte("{}")}, s.target)
	switch {
	case err != nil:
		return err
	case byRBAC(given) && strings.Contains(given.status.Message, " cannot impersonate"):
		return fmt.Errorf("you may not impersonate %s: %s", user, given.status.Message)
	case byRBAC(given):
		return fmt.Errorf("%s may not create pods in %s: nothing was tried", user, s.target.namespace)
	case given.code == http.StatusNotFound:
		return fmt.Errorf("there is no namespace %s: nothing was tried", s.target.namespace)
	}
	return nil
}

// pathOfJobs is a host path that jobs may mount; empty where there is none.
func pathOfJobs(doc *v1alpha1.PlacementPolicy) string {
	for _, role := range doc.Spec.Roles {
		if role.Name == v1alpha1.RoleJobs && len(role.HostPaths) > 0 {
			return role.HostPaths[0].Path
		}
	}
	return ""
}

// findNode names a protected node where the user did not. Most users may not see nodes: polymoat holds any name.
func (s *siege) findNode(ctx context.Context) error {
	if s.target.node != "" {
		return nil
	}
	var nodes corev1.NodeList
	selector := url.QueryEscape(s.target.key + "=" + s.target.value)
	if err := s.server.get(ctx, "/api/v1/nodes?limit=1&labelSelector="+selector, &nodes); err != nil {
		return err
	}
	s.target.node = "core-1"
	if len(nodes.Items) > 0 {
		s.target.node = nodes.Items[0].Name
	}
	return nil
}

// attack tries the requests of an attack. One that is open is enough; those that cannot be tried do not count beside
// others.
func (s *siege) attack(ctx context.Context, a Attack) (Result, error) {
	result := Result{Attack: a, Verdict: NotApplicable, Why: []string{}}
	if a.NotApplicable != "" {
		result.Why = append(result.Why, a.NotApplicable)
	}
	for _, r := range a.Requests {
		found := notApplicable(s.target.missing(r))
		if found.why[0] == "" {
			given, err := s.server.try(ctx, r, s.target)
			if err != nil {
				return result, err
			}
			if found, err = judge(r, given, s.core); err != nil {
				return result, err
			}
		}
		result.add(found)
	}
	return result, nil
}

// worse orders the verdicts.
var worse = map[Verdict]int{NotApplicable: 0, Held: 1, Open: 2}

// add counts the worst verdict of all, with every reason for it.
func (r *Result) add(f finding) {
	if worse[f.verdict] > worse[r.Verdict] {
		r.Verdict, r.By, r.Why = f.verdict, f.by, nil
	}
	if r.Verdict == Held && f.verdict == Held {
		r.By = later(r.By, f.by)
	}
	for _, why := range f.why {
		if f.verdict == r.Verdict && !slices.Contains(r.Why, why) {
			r.Why = append(r.Why, why)
		}
	}
}
