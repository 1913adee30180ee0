package native_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/corpus"
	"github.com/polymoat/polymoat/internal/native"
	"github.com/polymoat/polymoat/internal/policy"
)

// pair is a policy and its twin.
type pair struct {
	policy *policy.Policy
	twin   *twin
}

func pairOf(t testing.TB, docs ...*v1alpha1.PlacementPolicy) pair {
	t.Helper()
	p, err := policy.New(docs...)
	if err != nil {
		t.Fatal(err)
	}
	return pair{p, compileTwin(t, native.Compile(docs...))}
}

// TestCorpus: every case of the corpus comes out of the twin as it does of the webhook, or stricter.
func TestCorpus(t *testing.T) {
	cases, err := corpus.Cases()
	if err != nil {
		t.Fatal(err)
	}
	pairs := map[string]pair{}
	for _, c := range cases {
		if _, ok := pairs[c.PolicyName]; !ok {
			pairs[c.PolicyName] = pairOf(t, documentOf(t, c))
		}
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			r, err := c.Request()
			if err != nil {
				t.Fatal(err)
			}
			pairs[c.PolicyName].compare(t, r)
		})
	}
}

func documentOf(t testing.TB, c corpus.Case) *v1alpha1.PlacementPolicy {
	t.Helper()
	if c.PolicyName == corpus.DefaultPolicy {
		return v1alpha1.Default()
	}
	file := "../../internal/corpus/testdata/policies/" + c.PolicyName + ".yaml"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := v1alpha1.Load(file, text)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// created is a pod as the API server has it when it judges it: with the fields that it defaults, and a time.
func created(pod *corev1.Pod, today v1alpha1.Day) *corev1.Pod {
	pod = pod.DeepCopy()
	if pod.Spec.SecurityContext == nil {
		pod.Spec.SecurityContext = &corev1.PodSecurityContext{}
	}
	pod.Spec.SchedulerName = cmp.Or(pod.Spec.SchedulerName, corev1.DefaultSchedulerName)
	if today != 0 {
		pod.CreationTimestamp = metav1.NewTime(time.Unix(int64(today)*24*60*60, 0).UTC())
	}
	return pod
}

// compare holds the twin against the policy, about one request.
func (p pair) compare(t testing.TB, r policy.Request) {
	t.Helper()
	for _, text := range p.differences(t, r) {
		t.Error(text)
	}
}

// differences are what the twin does otherwise than the policy, and Differences do not list.
func (p pair) differences(t testing.TB, r policy.Request) []string {
	t.Helper()
	r.Pod = r.Pod.DeepCopy()
	r.Pod.Spec.SecurityContext = cmp.Or(r.Pod.Spec.SecurityContext, &corev1.PodSecurityContext{})
	want := cmp.Or(p.policy.Mutate(r).Pod, r.Pod)
	return append(p.mutated(t, r, want), p.judged(r, want)...)
}

// mutated are the differences between the stored pods. The twin does what Mutate does, or leaves the pod to it.
func (p pair) mutated(t testing.TB, r policy.Request, want *corev1.Pod) []string {
	t.Helper()
	got, err := p.twin.mutate(entry{r})
	if err != nil {
		return []string{fmt.Sprintf("the twin fails: %v", err)}
	}
	var found []string
	note := func(what string, want, got *corev1.Pod) {
		if equality.Semantic.DeepEqual(want.ObjectMeta, got.ObjectMeta) && equality.Semantic.DeepEqual(want.Spec, got.Spec) {
			return
		}
		if diff := gocmp.Diff(normal(t, want), normal(t, got)); diff != "" {
			found = append(found, what+":\n"+diff)
		}
	}
	if !leftAlone(r) {
		note("is mutated otherwise (-webhook +twin)", want, got)
	}
	both := r
	both.Pod = got
	note("Mutate of the twin's pod is not Mutate of the pod (-want +got)", want, cmp.Or(p.policy.Mutate(both).Pod, got))
	twice, err := p.twin.mutate(entry{both})
	if err != nil {
		return append(found, fmt.Sprintf("the twin fails the second time: %v", err))
	}
	note("the twin changes its own pod (-first +second)", got, twice)
	return found
}

// judged are the differences between the answers about the pod that Mutate made.
func (p pair) judged(r policy.Request, placed *corev1.Pod) []string {
	r.Pod = created(placed, r.Today)
	if r.Old != nil {
		r.Old = created(r.Old, 0)
	}
	d := withoutDisplacement(p.policy.Validate(r))
	denied := p.twin.judge(entry{r}, r.Pod).denied()
	switch {
	case d.Verdict == policy.Denied && len(denied) == 0:
		return []string{"the twin is looser: the webhook says " + d.Sentence("x")}
	case d.Verdict != policy.Denied && len(denied) > 0 && !isListed(r, denied):
		return []string{fmt.Sprintf("the twin is stricter: it refuses by %q", denied)}
	case r.Old == nil:
		return missing(d, denied)
	}
	return nil
}

// withoutDisplacement is the decision without the rule that the twin lacks.
func withoutDisplacement(d policy.Decision) policy.Decision {
	d.Violations = slices.DeleteFunc(slices.Clone(d.Violations), func(v policy.Violation) bool { return v.Rule == "displacement" })
	if d.Verdict == policy.Denied && len(d.Violations)+len(d.Invalid) == 0 {
		d.Verdict = policy.Allowed
	}
	return d
}

// missing are the rules that refuse a new pod and do not refuse it in the twin.
func missing(d policy.Decision, denied []string) []string {
	var found []string
	for _, v := range d.Violations {
		if !slices.Contains(denied, v.Rule) {
			found = append(found, fmt.Sprintf("the twin refuses by %q alone, and the webhook for %s", denied, v))
		}
	}
	return found
}

// leftAlone says whether a pod is left to the webhook.
func leftAlone(r policy.Request) bool {
	for _, key := range []string{"polymoat.io/node-selector", "polymoat.io/tolerations"} {
		if r.Pod.Annotations[key]+r.Pod.Labels[key] != "" {
			return true
		}
	}
	return hasNumbers(r.Pod)
}

// TestWrittenOverrides: an override with a JSON value is refused while the webhook is away, and let in as the webhook leaves it.
// Forged where nothing was given, it is refused as well.
func TestWrittenOverrides(t *testing.T) {
	doc := v1alpha1.Default()
	doc.Spec.Defaults.Overrides.NodeSelectorKeys, doc.Spec.Defaults.Overrides.TolerationKeys = []string{"disk", "zone"}, []string{"spot", "gpu"}
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	if doc, err = v1alpha1.Load("policy.json", text); err != nil {
		t.Fatal(err)
	}
	p := pairOf(t, doc)
	for key, value := range map[string]string{
		"polymoat.io/node-selector": `{"disk":"ssd", "zone" : "a"}`,
		"polymoat.io/tolerations":   `[{"key":"spot","operator":"Exists"},{"key":"gpu","value":"a","effect":"NoExecute","tolerationSeconds":60}]`,
	} {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			Name: "run", Namespace: "polyaxon", Annotations: map[string]string{key: value},
			Labels: map[string]string{"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-jobs"},
		}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "polyaxon-main", Image: "python"}}}}
		r := policy.Request{Namespace: "polyaxon", User: policy.UserNamed("tenant"), Pod: created(pod, 0)}
		placed := p.policy.Mutate(r).Pod
		if denied := p.twin.judge(entry{r}, placed).denied(); len(denied) > 0 {
			t.Errorf("%s as the webhook leaves it is refused by %q", key, denied)
		}
		placed.Annotations[key] = strings.NewReplacer("ssd", "hdd", "60", "61").Replace(value)
		if denied := p.twin.judge(entry{r}, placed).denied(); !slices.Equal(denied, []string{"overrides"}) {
			t.Errorf("%s without the webhook is refused by %q, want by overrides", key, denied)
		}
	}
}

// hasNumbers says whether the pod compares labels with numbers in a way that the twin cannot follow.
func hasNumbers(pod *corev1.Pod) bool {
	if pod.Spec.Affinity == nil || pod.Spec.Affinity.NodeAffinity == nil || pod.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return false
	}
	for _, term := range pod.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		for _, a := range term.MatchExpressions {
			for _, b := range term.MatchExpressions {
				if a.Key == b.Key && b.Operator == corev1.NodeSelectorOpNotIn && (a.Operator == corev1.NodeSelectorOpGt || a.Operator == corev1.NodeSelectorOpLt) {
					return true
				}
			}
		}
	}
	return false
}

// asksInJSON says whether an override has a JSON value, which the twin does not read but compare with what the pod has.
func asksInJSON(pod *corev1.Pod) bool {
	return pod.Annotations["polymoat.io/node-selector"]+pod.Annotations["polymoat.io/tolerations"] != ""
}

// isListed says whether native.Differences name why the twin refuses more than the webhook.
func isListed(r policy.Request, denied []string) bool {
	for _, id := range denied {
		switch {
		case strings.HasPrefix(id, "error in"):
			return false
		case r.Old != nil, hasNumbers(r.Pod), id == "overrides" && asksInJSON(r.Pod):
		default:
			return false
		}
	}
	return true
}

// normal is a pod without what is empty.
func normal(t testing.TB, pod *corev1.Pod) map[string]any {
	t.Helper()
	text, err := json.Marshal(pod)
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	delete(v, "status")
	delete(v, "kind")
	delete(v, "apiVersion")
	return pruned(v).(map[string]any)
}

// pruned drops what is empty.
func pruned(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			value = pruned(value)
			v[key] = value
			switch value := value.(type) {
			case map[string]any:
				if len(value) == 0 {
					delete(v, key)
				}
			case []any:
				if len(value) == 0 {
					delete(v, key)
				}
			case nil:
				delete(v, key)
			}
		}
	case []any:
		for i := range v {
			v[i] = pruned(v[i])
		}
	}
	return v
}
