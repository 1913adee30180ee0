package siege

import (
	"cmp"
	"context"
	"fmt"
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
}

// Result is what came of one attack.
type Result struct {
	Attack  Attack
	Verdict Verdict
	// Why are the rules that hold it, what is open, or why it is not applicable.
	Why []string
}

// String is the result as one line.
func (r Result) String() string {
	return fmt.Sprintf("%2d  %-40s  %-4s  %s", r.Attack.Number, r.Attack.Title, r.Verdict, strings.Join(r.Why, ", "))
}

// Run tries every attack in order and reports each. The error says what keeps it from going on.
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
	pools  []landing.Pool // the protected ones
}

func newSiege(ctx context.Context, o Options) (*siege, error) {
	s := &siege{server: o.Server}
	for _, n := range o.Policy.Spec.NodePools {
		if n.Protected {
			s.pools = append(s.pools, landing.Pool{Name: n.Name, Key: n.NodeLabel.Key, Value: n.NodeLabel.Value, Taints: n.Taints})
		}
	}
	if len(s.pools) == 0 {
		return nil, fmt.Errorf("policy %q protects no node pool: there is nothing to besiege", o.Policy.Metadata.Name)
	}
	core := s.pools[0]
	s.target = target{
		namespace: cmp.Or(o.Namespace, o.Policy.Spec.Namespaces[0]), node: o.Node,
		key: core.Key, value: core.Value, tolerations: tolerationsOf(core.Taints),
	}
	if err := s.findNode(ctx); err != nil {
		return nil, err
	}
	return s, s.findPods(ctx, o.Policy)
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

// findPods looks for pods to try updates on: one of Polyaxon's own, and one that is not, best a run.
func (s *siege) findPods(ctx context.Context, doc *v1alpha1.PlacementPolicy) error {
	decide, err := policy.New(doc)
	if err != nil {
		return err
	}
	var pods corev1.PodList
	if err := s.server.get(ctx, "/api/v1/namespaces/"+url.PathEscape(s.target.namespace)+"/pods", &pods); err != nil {
		return err
	}
	s.target.freed = s.target.node
	for i := range pods.Items {
		pod := &pods.Items[i]
		if pod.DeletionTimestamp != nil || slices.Contains([]corev1.PodPhase{corev1.PodSucceeded, corev1.PodFailed}, pod.Status.Phase) {
			continue
		}
		switch decide.Validate(policy.Request{Namespace: s.target.namespace, Pod: pod}).Role {
		case v1alpha1.RoleCore:
			s.target.core = cmp.Or(s.target.core, pod.Name)
		case v1alpha1.RoleOther:
			s.target.run = cmp.Or(s.target.run, pod.Name)
		default:
			s.target.run, s.target.freed = pod.Name, cmp.Or(pod.Spec.NodeName, s.target.node)
		}
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
		found := finding{NotApplicable, []string{s.target.missing(r)}}
		if found.why[0] == "" {
			given, err := s.server.try(ctx, r, s.target)
			if err != nil {
				return result, err
			}
			if found, err = judge(r, given, s.pools); err != nil {
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
		r.Verdict, r.Why = f.verdict, nil
	}
	for _, why := range f.why {
		if f.verdict == r.Verdict && !slices.Contains(r.Why, why) {
			r.Why = append(r.Why, why)
		}
	}
}
