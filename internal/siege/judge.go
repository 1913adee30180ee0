package siege

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/polymoat/polymoat/internal/landing"
)

// Verdict is what came of an attack.
type Verdict string

// The verdicts.
const (
	Held          Verdict = "held"
	Open          Verdict = "open"
	NotApplicable Verdict = "n/a"
)

// finding is what came of one request, and why: the rules that refuse it, or what would happen to core.
type finding struct {
	verdict Verdict
	by      Holder // who holds it; empty where it is not held
	why     []string
}

func held(by ...string) finding        { return finding{Held, Polymoat, by} }
func heldBy(h Holder) finding          { return finding{Held, h, []string{string(h)}} }
func notApplicable(why string) finding { return finding{verdict: NotApplicable, why: []string{why}} }
func opened(f string, a ...any) finding {
	return finding{verdict: Open, why: []string{fmt.Sprintf(f, a...)}}
}

// judge reads the answer to a request. Of an answer that takes it:
//
//   - lands: a protected node can exist on which the scheduler would bind the pod.
//   - evicted: the same, and the pod has a higher priority than a core pod that is there. A group of pods evicts
//     wherever it likes.
//   - starved: status.nominatedNodeName is still the protected node.
//   - endpoint: a Service that selects core pods and no others selects the pod.
//   - replaced: nothing controls the object, and core's workload selects it: a ReplicaSet or StatefulSet a pod, a
//     Deployment a ReplicaSet, a StatefulSet a ControllerRevision.
//
// It knows the Services, workloads and pods that the user can see, at the beginning of the siege.
func judge(r Request, a answer, c core) (finding, error) {
	if a.code >= http.StatusBadRequest {
		return refused(r, a), nil
	}
	switch r.Open {
	case Allowed:
		return allowed(r, a)
	case Replaced:
		return c.replaced(a)
	case "":
		return taken(r), nil
	case Lands, Evicted, Starved, Endpoint: // the pod tells
	}
	var pod corev1.Pod
	if err := json.Unmarshal(a.body, &pod); err != nil {
		return finding{}, err
	}
	switch r.Open {
	case Starved:
		return c.starved(&pod), nil
	case Endpoint:
		return c.endpoint(&pod), nil
	case Evicted:
		return c.evicted(&pod, bytes.Contains(r.Body, []byte(`"schedulingGroup"`))), nil
	default:
		return c.lands(&pod, ""), nil
	}
}

func allowed(r Request, a answer) (finding, error) {
	var review struct {
		Status struct{ Allowed bool } `json:"status"`
	}
	if err := json.Unmarshal(a.body, &review); err != nil {
		return finding{}, err
	}
	if !review.Status.Allowed {
		return heldBy(RBAC), nil
	}
	return taken(r), nil
}

func (c core) lands(pod *corev1.Pod, and string) finding {
	for _, pool := range c.pools {
		if node, ok := landing.Witness(landing.Of(&pod.Spec), pool); ok {
			return opened("it could run on %s%s", node.In(pool.Name), and)
		}
	}
	return held("placed on other nodes")
}

// evicted: a member of a group need not land where core runs, and is none where the API server drops the field.
func (c core) evicted(pod *corev1.Pod, grouped bool) finding {
	lowest, victim := c.priority()
	if victim == "" || priorityOf(pod) <= lowest {
		victim = ""
	}
	switch {
	case grouped && pod.Spec.SchedulingGroup == nil:
		return heldBy(APIServer)
	case grouped && victim != "":
		return opened("its group could evict %s", victim)
	case victim != "":
		return c.lands(pod, " and evict "+victim)
	default:
		return c.lands(pod, "")
	}
}

func (c core) starved(pod *corev1.Pod) finding {
	if pod.Status.NominatedNodeName != c.node {
		return heldBy(APIServer)
	}
	return opened("room on %s is kept for it", c.node)
}

func (c core) endpoint(pod *corev1.Pod) finding {
	if service, ok := matching(c.services, pod.Labels); ok {
		return opened("it would be an endpoint of %s", service)
	}
	return notApplicable("no Service of core selects it")
}

func (c core) replaced(a answer) (finding, error) {
	var object metav1.PartialObjectMetadata
	if err := json.Unmarshal(a.body, &object); err != nil {
		return finding{}, err
	}
	owner, ok := matching(c.adopting[object.Kind], object.Labels)
	if !ok || metav1.GetControllerOf(&object) != nil {
		return notApplicable("no workload of core would adopt it"), nil
	}
	return opened("%s would adopt it", owner), nil
}

func matching(all []selecting, of map[string]string) (selecting, bool) {
	i := slices.IndexFunc(all, func(s selecting) bool { return s.selector.Matches(labels.Set(of)) })
	if i < 0 {
		return selecting{}, false
	}
	return all[i], true
}

func taken(r Request) finding {
	path := r.Create + r.Patch + r.Delete
	if _, inside, ok := strings.Cut(path, "$namespace/"); ok {
		path = inside
	}
	return opened("the API server takes %s", path)
}
