package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
)

const (
	daemonController = "system:serviceaccount:kube-system:daemon-set-controller"
	scheduler        = "system:kube-scheduler"
)

func TestNodeNameIsForThoseWhoMaySetIt(t *testing.T) {
	p := compile(t, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) { d.Spec.NodeNameUsers = []string{"ops"} })
	for name, tc := range map[string]struct {
		user, owner string
		want        []string
	}{
		"a user":                                  {user: "tenant", want: []string{"core-nodes", "node-name"}},
		"a user who claims a DaemonSet":           {user: "tenant", owner: "DaemonSet", want: []string{"core-nodes", "node-name"}},
		"the DaemonSet controller, for a Job":     {user: daemonController, owner: "Job", want: []string{"core-nodes", "node-name"}},
		"the DaemonSet controller":                {user: daemonController, owner: "DaemonSet", want: []string{"core-nodes"}},
		"all controllers under one name":          {user: "system:kube-controller-manager", owner: "DaemonSet", want: []string{"core-nodes"}},
		"the scheduler":                           {user: scheduler, want: []string{"core-nodes"}},
		"a user that the policy names":            {user: "ops", want: []string{"core-nodes"}},
		"a user whose name begins like a trusted": {user: "ops2", want: []string{"core-nodes", "node-name"}},
	} {
		t.Run(name, func(t *testing.T) {
			pod := other()
			pod.Spec.NodeName = "n1"
			if tc.owner != "" {
				pod.OwnerReferences = []metav1.OwnerReference{{Kind: tc.owner, Controller: ptr.To(true)}}
			}
			d := p.Validate(policy.Request{Namespace: "polyaxon", User: policy.UserInfo{Name: tc.user}, Pod: pod})
			if diff := cmp.Diff(tc.want, rulesOf(d)); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheNamedNodeIsJudgedByItself(t *testing.T) {
	p := compile(t, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) { d.Spec.NodeNameUsers = []string{"ops"} })
	for name, tc := range map[string]struct {
		node *landing.Node
		want []string
	}{
		"an unknown node may be a core node": {want: []string{"core-nodes"}},
		"a core node":                        {node: &landing.Node{Name: "n1", Labels: map[string]string{"polyaxon": "core"}}, want: []string{"core-nodes"}},
		"any other node":                     {node: &landing.Node{Name: "n1", Labels: map[string]string{"polyaxon": "builds"}}},
		"the facts of another node":          {node: &landing.Node{Name: "n2"}, want: []string{"core-nodes"}},
		"a core node that the kubelet would refuse": {node: &landing.Node{
			Name: "n1", Labels: map[string]string{"polyaxon": "core"},
			Taints: []corev1.Taint{{Key: "x", Effect: corev1.TaintEffectNoExecute}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			pod := other()
			pod.Spec.NodeName = "n1"
			r := policy.Request{Namespace: "polyaxon", User: policy.UserInfo{Name: "ops"}, Pod: pod, Node: tc.node}
			if diff := cmp.Diff(tc.want, rulesOf(p.Validate(r))); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnUpdateIsRefusedOnlyForWhatItMakesWorse(t *testing.T) {
	p := compile(t, v1alpha1.Default())
	bad := func() *corev1.Pod {
		pod := other()
		pod.Spec.HostNetwork = true
		return pod
	}
	for name, tc := range map[string]struct {
		was, is *corev1.Pod
		want    []string
	}{
		"metadata of a pod from before the policy": {was: bad(), is: with(bad(), func(p *corev1.Pod) { p.Finalizers = []string{"x/y"} })},
		"the same breach in one more way": {was: bad(), is: with(bad(), func(p *corev1.Pod) { p.Spec.HostPID = true }),
			want: []string{"pod-security"}},
		"a toleration is added": {was: other(), is: with(other(), func(p *corev1.Pod) {
			p.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
		}), want: []string{"core-nodes"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := p.Validate(policy.Request{Namespace: "polyaxon", Pod: tc.is, Old: tc.was})
			if diff := cmp.Diff(tc.want, rulesOf(d)); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
			if d := p.Mutate(policy.Request{Namespace: "polyaxon", Pod: tc.is, Old: tc.was}); d.Pod != nil || d.Verdict != policy.Allowed {
				t.Errorf("an update was mutated: %v", d.Changes)
			}
		})
	}
}

func TestOneInstallationsRunsStayOffAnothersCore(t *testing.T) {
	second := v1alpha1.Default()
	second.Metadata.Name, second.Spec.Namespaces = "second", []string{"ml"}
	for i := range second.Spec.NodePools {
		pool := &second.Spec.NodePools[i]
		pool.NodeLabel.Key, pool.Taints = "ml", nil
	}
	p := compile(t, v1alpha1.Default(), func(*v1alpha1.PlacementPolicy) {}, second)
	if diff := cmp.Diff([]string{"ml", "polyaxon"}, p.Namespaces()); diff != "" {
		t.Errorf("namespaces (-want +got):\n%s", diff)
	}
	d := p.Validate(policy.Request{Namespace: "polyaxon", Pod: other()})
	want := `pods "debug" of role "other": spec.nodeSelector leaves protected nodes open; add a required node affinity ml NotIn [core] [core-nodes]: ` +
		`it could run on a node of pool "core" (labels ml=core)`
	if diff := cmp.Diff(want, d.Sentence("debug")); diff != "" {
		t.Errorf("sentence (-want +got):\n%s", diff)
	}
}

func TestNewRefusesWhatDoesNotBelongTogether(t *testing.T) {
	again := v1alpha1.Default()
	again.Metadata.Name = "again"
	_, err := policy.New(v1alpha1.Default(), again)
	if want := `policies "polyaxon" and "again" both govern namespace "polyaxon"`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	broken := v1alpha1.Default()
	broken.Spec.Roles[0].NodePools = []string{"cor"}
	_, err = policy.New(broken)
	if want := `policy "polyaxon": role "core" names node pool "cor", which is not defined`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestOutOfScopeSaysWhatIsGoverned(t *testing.T) {
	d := compile(t, v1alpha1.Default()).Review(policy.Request{Namespace: "default", Pod: other()})
	if want := `namespace "default" is not governed (governed: polyaxon)`; d.Verdict != policy.OutOfScope || d.Why != want {
		t.Errorf("got %s because %s", d.Verdict, d.Why)
	}
}

func TestSentenceIsBounded(t *testing.T) {
	d := policy.Decision{Role: "jobs"}
	for i := range 500 {
		d.Violations = append(d.Violations, policy.Violation{Rule: "r", Field: field.NewPath("spec").Index(i), Detail: "is bad", Fix: "mend it"})
	}
	got := d.Sentence("x")
	if !strings.HasPrefix(got, `pods "x" of role "jobs": spec[0] is bad; mend it [r]. Also: spec[1] `) ||
		!strings.HasSuffix(got, ". Also: there are 492 more reasons") {
		t.Errorf("got %s", got)
	}
}

// TestSentenceEndsWithTheContact: and leaves out what core-nodes has said of a selector.
func TestSentenceEndsWithTheContact(t *testing.T) {
	p := compile(t, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) { d.Spec.Contact = "#ml-platform" })
	pod := with(job(), func(p *corev1.Pod) {
		p.Spec.NodeSelector = map[string]string{"polyaxon": "core"}
		p.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
	})
	const want = `pods "x" of role "jobs": environment.tolerations[0] lets the pod run on protected nodes; set ` +
		`environment.nodeSelector[polyaxon] to "experiments"; annotation polymoat.io/node-pool may ask for "builds" [core-nodes]: ` +
		`it could run on a node of pool "core" (labels polyaxon=core; taints polyaxon=core:NoSchedule). Questions: #ml-platform`
	d := p.Review(policy.Request{Namespace: "polyaxon", Pod: pod})
	if diff := cmp.Diff(want, d.Sentence("x")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := []string{d.Violations[0].Rule, d.Violations[1].Rule}; !slices.Equal(got, []string{"core-nodes", "node-pool"}) {
		t.Errorf("programs read %v", got)
	}
}

func TestZeroDecisionRefuses(t *testing.T) {
	if d := (policy.Decision{}); d.Verdict != policy.Denied || d.Verdict.String() != "Denied" {
		t.Errorf("the zero verdict is %s", d.Verdict)
	}
}

// compile compiles a document, tweaked, with others.
func compile(t testing.TB, doc *v1alpha1.PlacementPolicy, rest ...any) *policy.Policy {
	t.Helper()
	docs := []*v1alpha1.PlacementPolicy{doc}
	for _, r := range rest {
		switch r := r.(type) {
		case func(*v1alpha1.PlacementPolicy):
			r(doc)
		case *v1alpha1.PlacementPolicy:
			docs = append(docs, r)
		default:
			t.Fatalf("compile does not take %T", r)
		}
	}
	p, err := policy.New(docs...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// other is a pod without any mark, which the default policy leaves alone.
func other() *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "debug", Namespace: "polyaxon"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "busybox"}}},
	}
}

func with(pod *corev1.Pod, change func(*corev1.Pod)) *corev1.Pod {
	change(pod)
	return pod
}

// rulesOf lists the rules that are violated, each once.
func rulesOf(d policy.Decision) []string {
	var rules []string
	for _, v := range d.Violations {
		if n := len(rules); n == 0 || rules[n-1] != v.Rule {
			rules = append(rules, v.Rule)
		}
	}
	if (d.Verdict == policy.Denied) != (len(rules) > 0) {
		return []string{fmt.Sprintf("verdict %s with %v", d.Verdict, rules)}
	}
	return rules
}
