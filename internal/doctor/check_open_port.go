package doctor

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

// openPort finds that every pod may send reviews, and names the addresses that they came from.
func openPort(v View) []Finding {
	if !v.opensPort() {
		return nil
	}
	return []Finding{{
		Severity: Warning,
		What:     fmt.Sprintf("Every pod may connect to the port for reviews of %s: no NetworkPolicy limits it to API servers.", v.place()),
		Why:      "Anyone who connects can keep the server busy, and ask what the policy lets through.",
		Fix:      v.closePort(),
	}}
}

// closePort is the command that lets in the addresses that reviews came from.
func (v View) closePort() string {
	addresses, why := "ADDRESSES", "those of your API servers; with konnectivity, of its agents. A list that lacks one stops runs"
	if len(v.Senders) > 0 {
		var known, counted []string
		for _, a := range slices.SortedFunc(maps.Keys(v.Senders), func(a, b netip.Addr) int {
			return cmp.Or(v.Senders[b]-v.Senders[a], a.Compare(b))
		}) {
			known, counted = append(known, a.String()), append(counted, fmt.Sprintf("%s (%d)", a, v.Senders[a]))
		}
		addresses = strings.Join(known, ",")
		why = fmt.Sprintf("reviews came from %s; confirm each. A list that lacks an API server stops runs", strings.Join(counted, ", "))
	}
	value := "'networkPolicy.apiServers={" + addresses + "}'"
	if v.Deployment.Labels["app.kubernetes.io/managed-by"] == "Helm" {
		return v.reinstall(value) + " # " + why
	}
	return fmt.Sprintf("helm template %s manifests/chart --namespace %s --show-only templates/network.yaml --set %s | kubectl apply -f - # %s",
		v.Deployment.Labels["app.kubernetes.io/instance"], v.Deployment.Namespace, value, why)
}

// opensPort says whether any pod may connect to the port for reviews. What one NetworkPolicy lets in, no other keeps out.
func (v View) opensPort() bool {
	limited := false
	for _, policy := range v.Networks {
		selector, err := metav1.LabelSelectorAsSelector(&policy.Spec.PodSelector)
		if policy.Namespace != v.Deployment.Namespace || err != nil || !selector.Matches(labels.Set(v.Deployment.Spec.Template.Labels)) ||
			len(policy.Spec.PolicyTypes) > 0 && !slices.Contains(policy.Spec.PolicyTypes, networkingv1.PolicyTypeIngress) {
			continue
		}
		limited = true
		if slices.ContainsFunc(policy.Spec.Ingress, v.letsAllIn) {
			return true
		}
	}
	return !limited
}

// letsAllIn says whether the rule lets any pod connect to the port for reviews.
func (v View) letsAllIn(rule networkingv1.NetworkPolicyIngressRule) bool {
	port, _ := strconv.Atoi(cmp.Or(argument(v.Deployment, "--port"), "9443")) // the server's own default
	forReviews := func(p networkingv1.NetworkPolicyPort) bool {
		from := ptr.Deref(p.Port, intstr.FromInt(port))
		if from.Type == intstr.String {
			return from.StrVal == "https"
		}
		return from.IntValue() <= port && port <= int(ptr.Deref(p.EndPort, from.IntVal))
	}
	anyPod := func(peer networkingv1.NetworkPolicyPeer) bool {
		if block := peer.IPBlock; block != nil {
			return strings.HasSuffix(block.CIDR, "/0")
		}
		return peer.NamespaceSelector != nil && selectsAll(peer.NamespaceSelector) && (peer.PodSelector == nil || selectsAll(peer.PodSelector))
	}
	return (len(rule.Ports) == 0 || slices.ContainsFunc(rule.Ports, forReviews)) && (len(rule.From) == 0 || slices.ContainsFunc(rule.From, anyPod))
}

func selectsAll(s *metav1.LabelSelector) bool { return len(s.MatchLabels)+len(s.MatchExpressions) == 0 }
